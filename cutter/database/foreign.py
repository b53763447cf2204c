"""SQL text that is not ours: run where PostgreSQL refuses whatever would end the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cutter.database.statements import statements

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]


def run_foreign(connection: Connection, text: str) -> int:
    """Run text with the rights of the connection's role and return the rows its last statement touched.

    In a rehearsal it is looked after as well. Raises psycopg's errors, Breached and Unprovable.
    """
    rehearsed = getattr(connection, "foreign", None)
    if rehearsed is not None:
        return int(rehearsed(text))
    row = connection.execute(statements("rollback_only")["run"], (text,)).fetchone()
    return int(row[0]) if row else 0


def truth_of(connection: Connection, query: str) -> bool:
    """Return whether one query of one row and one column says true; the transaction should be READ ONLY.

    Raises psycopg's errors, and LookupError for another answer than true, false or null.
    """
    found = connection.execute(query.encode(), prepare=True).fetchall()
    answers = [row[0] if len(row) == 1 else row for row in found]
    if len(answers) != 1 or not (answers[0] is None or isinstance(answers[0], bool)):
        raise LookupError("the check has to return one row with one truth value")
    return answers[0] is True
