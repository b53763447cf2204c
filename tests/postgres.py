"""A real PostgreSQL for tests: one server per test process, one fresh database per test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from waiting import until

from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.model.inventory import Database

HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings of a server whose data need not outlive a power failure."""


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Start a server of this test process; it ends with it, however that ends."""
    with EmbeddedServer(str(tmp_path_factory.mktemp("postgres") / "server"), HASTY) as server:
        yield server


@pytest.fixture
def database(postgres_server: EmbeddedServer) -> Iterator[Database]:
    """Make a database of this test alone, empty, as an inventory would describe it. Roles outlive it."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    postgres_server.create_database(name)
    yield Database("governed", production=False, embedded=postgres_server.folder, dbname=name)
    with superuser(postgres_server) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def provider(database: Database) -> Iterator[ConnectionProvider]:
    """Give connections to the test's database; OWNER is the server's superuser."""
    with ConnectionProvider(database) as found:
        yield found


def ended(folder: Path) -> None:
    """Wait until no server works in a folder: one that nobody uses any more still writes while it ends."""
    server = EmbeddedServer(str(folder))
    until(lambda: not (folder / "server").exists() or not server.running())


def superuser(server: EmbeddedServer, dbname: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """Return an autocommit connection of the superuser."""
    return psycopg.connect(host=server.socket_folder, user="postgres", dbname=dbname, autocommit=True)
