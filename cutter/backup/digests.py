"""The rows of each table as a digest: the same in a dump's snapshot and in what is restored from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cutter.backup.policy import Policy
from cutter.database.scratch import AUTHORISATIONS
from cutter.database.statements import statements

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]


def content_of(connection: Connection, policy: Policy) -> dict[str, str]:
    """Return a digest of the rows of every table that a policy dumps, by the table's name.

    How values are written is fixed for the transaction, so that another session's settings play no part.
    """
    from psycopg import sql

    known = statements("backup")
    connection.execute(known["plain_writing"])
    found = connection.execute(known["tables"], (list(policy.schemas), list(policy.tables))).fetchall()
    content = sql.SQL(known["content"].decode())
    digests = {}
    for schema, name in found:
        if f"{schema}.{name}" != AUTHORISATIONS:
            row = connection.execute(content.format(sql.Identifier(schema, name))).fetchone()
            digests[f"{schema}.{name}"] = str(row[0]) if row else ""
    return digests


def unlike(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return the tables whose rows are not the same, or that only one side has."""
    return [name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)]
