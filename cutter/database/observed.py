"""What a second session sees of a database before and after a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cutter.database.statements import statements
from cutter.model.canonical import digest
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

_SHOWN = 5


class Observed(NamedTuple):
    """Content of each table, every object's definition and rights, sequences, prepared transactions.

    `unseen` are tables that the session may not read.
    """

    tables: Mapping[str, str]
    shape: Mapping[str, str]
    sequences: Mapping[str, str]
    prepared: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def digest(self) -> str:
        """One digest of tables and shape."""
        return digest("database", [dict(self.tables), dict(self.shape)])


def observe(connection: Connection) -> Observed:
    """Look at a whole database, in autocommit: each statement sees what is committed by then."""
    from psycopg import sql

    known = statements("rollback_only")
    content = sql.SQL(known["content"].decode())
    tables, unseen = {}, []
    for schema, name, readable in connection.execute(known["tables"]).fetchall():
        if readable:
            row = connection.execute(content.format(sql.Identifier(schema, name))).fetchone()
            tables[f"{schema}.{name}"] = str(row[0]) if row else ""
        else:
            unseen.append(f"{schema}.{name}")
    shape = {
        f"{kind} {which}": f"{what} {rights}" for kind, which, what, rights in _rows(connection, "shape")
    }
    sequences = {name: str(value) for name, value in _rows(connection, "sequences")}
    prepared = tuple(gid for (gid,) in _rows(connection, "prepared"))
    return Observed(tables, shape, sequences, prepared, tuple(unseen))


def differences(before: Observed, after: Observed) -> list[str]:
    """Return what is not as it was, sequences aside."""
    found = [f"the table {name} differs" for name in _unlike(before.tables, after.tables)]
    found += [f"the {name} differs" for name in _unlike(before.shape, after.shape)]
    found += [f"a prepared transaction stayed: {gid}" for gid in after.prepared if gid not in before.prepared]
    rest = len(found) - _SHOWN
    return [*found[:_SHOWN], *([f"and {rest} more"] if rest > 0 else [])]


def drift(before: Observed, after: Observed) -> tuple[str, ...]:
    """Return the sequences that went on: no rollback takes that back."""
    return tuple(
        f"the sequence {name} went from {before.sequences.get(name)} to {after.sequences.get(name)}"
        for name in _unlike(before.sequences, after.sequences)
    )


def _rows(connection: Connection, name: str) -> list[tuple[Any, ...]]:
    return connection.execute(statements("rollback_only")[name]).fetchall()


def _unlike(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    return (name for name in sorted({*before, *after}) if before.get(name) != after.get(name))
