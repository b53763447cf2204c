"""A server that asks for passwords over TCP, and a project that is wired to it by an .env file."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from project import Project
from psycopg import sql

from cutter.app import applying, proving
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.database.switch import held_on
from cutter.env_text.spelling import spelled
from cutter.model.inventory import Database

CANARY = "cAnAry7Q"
RUN = "20260101T000000Z-abcdef"
PASSWORDS = {
    "READER": f'a$b "{CANARY}" #d \\e :f',
    "WRITER": f'it\'s #1 "{CANARY}" \\ y:z',
    "VERIFY": f"pässwörd ✓ %s {CANARY}",
    "ENACT": f" {CANARY} between spaces ",
    "REHEARSAL": f"%(x)s{{y}}={CANARY}=",
    "BACKUP": f"b:ac\\k\"up' {CANARY}",
    "SCRATCH": f"s:cr\\a$tch ✓ {CANARY}",
    "OWNER": f"o'wner:\\x*{CANARY}*",
}
RULES = "local all postgres trust\nhost all all 127.0.0.0/8 scram-sha-256\n"
RUNBOOKS = Path(__file__).parents[1] / "runbooks"


def loopback() -> str:
    """Return a loopback address of this process alone, so that a port needs no searching."""
    pid = os.getpid()
    return f"127.{64 + (pid >> 16) % 64}.{(pid >> 8) % 256}.{pid % 254 + 1}"


@pytest.fixture(scope="session")
def tcp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Start a server that takes connections over TCP, with a password only, and logs every statement."""
    folder = tmp_path_factory.mktemp("tcp") / "server"
    hasty = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    told = {"listen_addresses": loopback(), "log_statement": "all", "log_connections": "on"}
    with EmbeddedServer(str(folder), {**hasty, **told}) as server:
        (folder / "data" / "pg_hba.conf").write_text(RULES, encoding="utf-8")
        with administrator(server) as connection:
            connection.execute("SELECT pg_reload_conf()")
        yield server


def administrator(server: EmbeddedServer, dbname: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
    """Return an autocommit connection of the superuser, by the socket."""
    return psycopg.connect(host=server.socket_folder, user="postgres", dbname=dbname, autocommit=True)


_HOSTS = """\
all:
  hosts: {web1: {ansible_connection: local}}
  children: {vps: {}}
"""


class Wired(Project):
    """A project whose database is named by an .env file; its owner is no superuser."""

    def __init__(self, folder: Path, server: EmbeddedServer) -> None:
        """Make database and owner, and write the wiring with passwords for every login."""
        super().__init__(folder)
        self.server = server
        mark = uuid.uuid4().hex[:10]
        self.dbname = f"w_{mark}"
        self.users = {name: f"{name.lower()}_{mark}" for name in PASSWORDS} | {"VERIFY": f'vérifier "{mark}"'}
        self.env = folder / ".env"
        self.wire()
        self.write("inventory/here/hosts.yml", _HOSTS)
        self.write("inventory/here/databases.yml", f"governed: {{production: yes, env_file: {self.env}}}\n")
        shutil.copytree(RUNBOOKS / "documents", folder / "runbooks" / "documents")
        self.make_owner()

    def make_owner(self) -> None:
        """Make the owner, who may make roles and databases and is no superuser, and the database."""
        owner = sql.Identifier(self.users["OWNER"])
        with administrator(self.server) as connection:
            made = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}")
            words = (PASSWORDS["OWNER"].encode(), self.users["OWNER"].encode(), b"scram-sha-256")
            verifier = connection.pgconn.encrypt_password(*words).decode()  # the server logs statements
            connection.execute(made.format(owner, sql.Literal(verifier)))
            for role in ("cutter_owner", "cutter_cut", "cutter_governance", "cutter_verify", "cutter_reader"):
                self._share(connection, role, owner)
            for role in ("cutter_enact", "cutter_rehearsal", "cutter_backup"):
                self._share(connection, role, owner)
            named = sql.Identifier(self.dbname)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(named, owner))

    @staticmethod
    def _share(connection: psycopg.Connection[tuple[Any, ...]], role: str, owner: sql.Identifier) -> None:
        """Let this owner give what another test's owner may have made: roles belong to the server."""
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None:
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(role), owner)
            )

    def wire(self, **changed: str | None) -> None:
        """Write the wiring; `changed` are keys to write otherwise (None: not at all)."""
        keys: dict[str, str | None] = {"HOST": loopback(), "PORT": "5432", "DB": self.dbname}
        for name, password in PASSWORDS.items():
            keys |= {f"{name}_USER": self.users[name], f"{name}_PASSWORD": password}
        keys |= changed
        lines = [f"DOT_CUTTER_{key}={spelled(value)}\n" for key, value in keys.items() if value is not None]
        self.env.write_text("".join(lines), encoding="utf-8")
        self.env.chmod(0o600)

    def governed(self, steps: str, name: str = "site") -> str:
        """Write a runbook on the database and return its path."""
        head = f"apiVersion: cutter/v1\nrunbook: {name}\ntitle: A test\ndatabase: governed\n"
        return str(self.write(f"runbooks/{name}.yml", f"{head}steps:\n{steps}"))

    def shipped(self, name: str) -> str:
        """Copy a runbook of the repository and return its path."""
        return str(self.write(f"runbooks/{name}", (RUNBOOKS / name).read_text(encoding="utf-8")))

    def provider(self) -> ConnectionProvider:
        """Give connections as the verbs have them."""
        return ConnectionProvider(Database("governed", production=True, env_file=str(self.env)))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the superuser sees."""
        with administrator(self.server, self.dbname) as connection:
            return connection.execute(query.encode()).fetchall()

    @contextmanager
    def switched_on(self, monkeypatch: pytest.MonkeyPatch, run: str = RUN) -> Iterator[None]:
        """Hold the switch on, as the owner, for the run that the next command will be."""
        with monkeypatch.context() as patched:
            for room in (proving, applying):
                patched.setattr(room, "new_run_id", lambda: run)
            with (
                self.provider() as provider,
                provider("OWNER") as connection,
                held_on(connection, run, seconds=600, by="a test"),
            ):
                yield


@pytest.fixture
def project(tmp_path: Path, tcp_server: EmbeddedServer) -> Iterator[Wired]:
    """Give a project wired to a database of its own."""
    made = Wired(tmp_path, tcp_server)
    yield made
    with administrator(tcp_server) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(made.dbname))
        )


FILES = "{source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml}"
SCHEMA = "  - name: Reference schema\n    cut_schema: {}\n"
STEPS = f"""\
  - name: Load
    document: {FILES}
  - name: Cut
    cut: {FILES}
  - name: Enact
    enact: {{document: "{{{{ steps.load.document }}}}", effective_from: "2026-07-01"}}
"""
