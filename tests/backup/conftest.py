"""The fixtures of this room's tests: a governed database with something in it, a key, a policy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from backup_keys import Keys
from governed import ROOMS, Governed
from postgres import postgres_server

from cutter.backup.policy import Policy
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.model.inventory import Database

__all__ = ["postgres_server"]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Make the keys once; nobody changes them."""
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def reading_room(
    postgres_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConnectionProvider]:
    """Make one database with our schema and a document in it, which no test changes; the switch is off."""
    postgres_server.create_database("reading_room")
    folder = tmp_path_factory.mktemp("reading_room")
    shutil.copytree(ROOMS, folder / "documents")
    known = Database("governed", production=False, embedded=postgres_server.folder, dbname="reading_room")
    with ConnectionProvider(known) as provider:
        found = Governed(provider, folder)
        found.install()
        with found.switched_on():
            files = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
            for name in ("document", "cut"):
                found.apply(found.resource(name, **files))
        yield provider


@pytest.fixture
def governed(reading_room: ConnectionProvider, tmp_path: Path) -> Governed:
    """Give that database, with a ledger and a folder of the test's own."""
    return Governed(reading_room, tmp_path)


@pytest.fixture
def policy(tmp_path: Path, keys: Keys) -> Policy:
    """Give a policy whose folder is not made yet."""
    return Policy(str(tmp_path / "backups"), keys.home, keys.backup)
