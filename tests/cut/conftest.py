"""The fixtures of this room's tests: a database with the schema, filled by its owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from postgres import database, postgres_server, provider

from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins
from cutter.cut.reading import ByRole
from cutter.cut.schema_install import upgrade
from cutter.database.connections import ConnectionProvider

__all__ = ["database", "postgres_server", "provider"]
AsOwner = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def as_owner(provider: ConnectionProvider) -> AsOwner:
    """Install the schema, and run statements as its owner, past every trigger; committed at once."""
    with provider("OWNER") as connection:
        upgrade(connection)
        map_logins(connection, {login: provider.place.logins[login].user for login in GROUPS_OF_LOGIN}, {})

    def run(statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with provider("OWNER") as connection:
            connection.execute("SET session_replication_role = replica")
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def reader(as_owner: AsOwner, provider: ConnectionProvider) -> ByRole:
    """Give connections by role, to a database with the schema."""
    assert as_owner("SELECT 1") == [(1,)]
    return provider.by_role
