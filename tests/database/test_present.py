"""Which database is there now: asked where it answers, and never started for the question."""

from __future__ import annotations

from pathlib import Path

from cutter.database.connections import ConnectionProvider, identity
from cutter.database.present import present_identity
from cutter.model.inventory import Database


def test_a_database_that_answers_says_who_it_is(provider: ConnectionProvider) -> None:
    with provider("OWNER") as connection:
        assert present_identity(provider.database) == identity(connection)


def test_an_embedded_server_is_not_started_for_the_question(tmp_path: Path) -> None:
    assert present_identity(Database("d", production=False, embedded=str(tmp_path / "pg"))) is None
    assert not (tmp_path / "pg").exists()


def test_no_database_is_made_for_the_question(provider: ConnectionProvider) -> None:
    with provider("OWNER") as connection:
        other = Database("d", production=False, embedded=provider.database.embedded, dbname="not_there")
        assert present_identity(other) is None
        found = connection.execute("SELECT FROM pg_database WHERE datname = 'not_there'").fetchone()
        assert found is None


def test_wiring_that_cannot_be_read_is_nobody_to_ask(tmp_path: Path) -> None:
    assert present_identity(Database("d", production=True, env_file=str(tmp_path / "none"))) is None
