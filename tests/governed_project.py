"""A project with a database of its own, and the switch held on for the run that comes next."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from postgres import superuser
from project import Project

from cutter.app import applying, proving, reverting, verifying
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.database.switch import held_on
from cutter.model.inventory import Database

ROOMS = Path(__file__).parents[1] / "runbooks" / "documents"
RUN = "20260101T000000Z-abcdef"
FILES = "{source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml}"
SCHEMA = """\
  - name: Reference schema
    cut_schema: {}
"""
STEPS = f"""\
{SCHEMA}\
  - name: Load
    document: {FILES}
  - name: Cut
    cut: {FILES}
  - name: Enact
    enact: {{document: "{{{{ steps.load.document }}}}", effective_from: "2026-07-01"}}
"""


class GovernedProject(Project):
    """A project with a database, its runbooks on it."""

    def __init__(self, folder: Path, server: EmbeddedServer) -> None:
        """Name the database in the inventory and copy the documents."""
        super().__init__(folder)
        self.server = server
        self.dbname = f"p_{folder.name[-20:]}"
        databases = f"governed: {{production: no, embedded: {server.folder}, dbname: {self.dbname}}}\n"
        self.write("inventory/here/databases.yml", databases)
        shutil.copytree(ROOMS, folder / "runbooks" / "documents")

    def governed(self, steps: str, name: str = "site") -> str:
        """Write a runbook on the database and return its path."""
        head = f"apiVersion: cutter/v1\nrunbook: {name}\ntitle: A test\ndatabase: governed\n"
        return str(self.write(f"runbooks/{name}.yml", f"{head}steps:\n{steps}"))

    def sql_step(
        self,
        text: str,
        check: str = "SELECT false",
        *,
        undo: str = "SELECT 1",
        login: str = "WRITER",
        name: str = "Own",
    ) -> str:
        """Write files of SQL and return a step that runs them."""
        at = name.lower().replace(" ", "-")
        for kind, content in (("do", text), ("check", check), ("undo", undo)):
            self.write(f"runbooks/{at}.{kind}.sql", content)
        files = f"file: {at}.do.sql, check: {at}.check.sql, undo: {at}.undo.sql"
        return f"  - {{name: {name}, sql: {{{files}, login: {login}}}}}\n"

    def installed(self, steps: str = STEPS) -> str:
        """Write the runbook, install the schema, and return the path."""
        path = self.governed(steps)
        self.apply(self.governed(SCHEMA, "schema"))
        return path

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement in the database as the superuser and return its rows."""
        with superuser(self.server, self.dbname) as connection:
            done = connection.execute(text.encode(), values or None)
            return list(done.fetchall()) if done.description else []

    def tables(self) -> dict[str, list[str]]:
        """Return every row of every table of ours as text, and what else a proof could leave."""
        listed = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND oid >= 16384 ORDER BY 1"
        names = [name for (name,) in self.sql(listed) if not name.startswith("pg_toast")]
        rows = {
            name: [row[0] for row in self.sql(f"SELECT t::text FROM {name} t ORDER BY 1")] for name in names
        }
        return {**rows, "left": self.left_behind()}

    def left_behind(self) -> list[str]:
        """Name sessions, locks, prepared transactions and scratch copies that should not be there."""
        return [row[0] for row in self.sql(_LEFT, self.dbname, self.dbname)]

    @contextmanager
    def switched_on(self, monkeypatch: pytest.MonkeyPatch, run: str = RUN) -> Iterator[None]:
        """Hold the switch on for the run that the next command will be."""
        assert verifying.__name__  # imported before, so that it keeps run ids of its own
        for room in (proving, applying, reverting):
            monkeypatch.setattr(room, "new_run_id", lambda: run)
        with self.held_on(run):
            yield

    @contextmanager
    def held_on(self, run: str) -> Iterator[None]:
        """Hold the switch on for a run."""
        database = Database("governed", production=False, embedded=self.server.folder, dbname=self.dbname)
        with (
            ConnectionProvider(database) as provider,
            provider("OWNER") as connection,
            held_on(connection, run, seconds=600, by="a test"),
        ):
            yield


_LEFT = """\
SELECT 'session of ' || usename FROM pg_stat_activity
WHERE datname = %s AND application_name LIKE 'cutter%%' AND pid <> pg_backend_pid()
UNION ALL SELECT 'advisory lock' FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = %s)
UNION ALL SELECT 'prepared ' || gid FROM pg_prepared_xacts
UNION ALL SELECT datname FROM pg_database WHERE datname LIKE 'cutter\\_scratch\\_%%'
"""


@pytest.fixture(name="project")
def governed_project(tmp_path: Path, postgres_server: EmbeddedServer) -> Iterator[GovernedProject]:
    """Give such a project; its database goes with it."""
    made = GovernedProject(tmp_path, postgres_server)
    yield made
    with superuser(postgres_server) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{made.dbname}" WITH (FORCE)'.encode())
