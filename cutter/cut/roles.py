"""A leg acts as its own group role and as nothing else, for as long as it lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from cutter.cut.statements import statements

if TYPE_CHECKING:
    import psycopg

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"
ConnectionProvider: TypeAlias = "Callable[[str], Connection]"
"""Gives the connection of a role: cut, enact, ..."""


@contextmanager
def acting_as(connection: Connection, role: str) -> Iterator[None]:
    """Narrow the transaction's rights to one group role.

    After an error the transaction is over and so is the role: it goes back by itself with the rollback.
    """
    connection.execute(statements("roles")[f"as_{role}"])
    yield
    connection.execute(statements("roles")["as_login"])


def one(connection: Connection, file: str, name: str, *values: object) -> tuple[Any, ...]:
    """Return the one row of a named statement."""
    row = connection.execute(statements(file)[name], values).fetchone()
    if row is None:
        raise LookupError(f"{file}.{name} has no row")
    return row


def rows(connection: Connection, file: str, name: str, *values: object) -> list[tuple[Any, ...]]:
    """Return all rows of a named statement."""
    return connection.execute(statements(file)[name], values).fetchall()
