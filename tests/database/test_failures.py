"""What goes wrong with a connection is said plainly: place, cause, world, remedy, no password."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from postgres import superuser
from waiting import until

from cutter.database import connections
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.database.failures import told
from cutter.errors import (
    ConfigurationError,
    CutterError,
    LockHeld,
    PermissionRefused,
    StepFailed,
    Unavailable,
)
from cutter.model.inventory import Database

if TYPE_CHECKING:
    import psycopg

PASSWORD = "right-horse"


@pytest.fixture
def keyed(postgres_server: EmbeddedServer) -> Iterator[None]:
    """Have one user who needs a password, as in production."""
    rules = Path(postgres_server.folder, "data", "pg_hba.conf")
    before = rules.read_text(encoding="utf-8")
    rules.write_text(f"local all keyed scram-sha-256\nlocal all banned reject\n{before}", encoding="utf-8")
    with superuser(postgres_server) as connection:
        connection.execute(f"CREATE ROLE keyed LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("SELECT pg_reload_conf()")
        yield
        rules.write_text(before, encoding="utf-8")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("DROP ROLE keyed")


def wired(
    tmp_path: Path,
    server: EmbeddedServer,
    *,
    user: str = "keyed",
    password: str = PASSWORD,
    db: str = "postgres",
) -> Database:
    text = f"DOT_CUTTER_HOST={server.socket_folder}\nDOT_CUTTER_PORT=5432\nDOT_CUTTER_DB={db}\n"
    text += f"DOT_CUTTER_READER_USER={user}\nDOT_CUTTER_READER_PASSWORD={password}\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    return Database("governed", production=True, env_file=str(tmp_path / ".env"))


@pytest.mark.usefixtures("keyed")
def test_the_wiring_of_an_env_file_connects(tmp_path: Path, postgres_server: EmbeddedServer) -> None:
    with ConnectionProvider(wired(tmp_path, postgres_server)).by_role("reader") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("keyed",)


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong-horse"}, "does not accept the password of keyed"),
        ({"user": "nobody_here"}, "does not exist"),
        ({"user": "banned"}, "pg_hba.conf"),
        ({"db": "nothing_here"}, "does not exist"),
    ],
)
def test_what_the_configuration_has_wrong_is_exit_78(
    tmp_path: Path, postgres_server: EmbeddedServer, change: dict[str, str], said: str
) -> None:
    database = wired(tmp_path, postgres_server, **change)
    with pytest.raises(ConfigurationError, match=said) as caught:
        ConnectionProvider(database)("READER")
    error = caught.value
    assert (error.exit_code, error.place) == (78, "governed as READER")
    assert str(tmp_path / ".env") in error.remedy
    assert "horse" not in f"{error.cause}{error.place}{error.world}{error.remedy}"


def go_on(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Insert until it fails: the server's process may answer once more before it notices."""
    while True:
        connection.execute("INSERT INTO t VALUES (1)")


def test_no_server_is_exit_69(tmp_path: Path) -> None:
    database = wired(tmp_path, EmbeddedServer(str(tmp_path / "nowhere")))
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        ConnectionProvider(database)("READER")
    assert caught.value.exit_code == 69
    assert caught.value.remedy


def test_a_server_that_is_too_old_is_refused(
    provider: ConnectionProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psycopg.ConnectionInfo.server_version", 13_00_23)
    with pytest.raises(ConfigurationError, match="is PostgreSQL 13, and 14 is the oldest") as caught:
        provider("OWNER")
    assert (caught.value.exit_code, caught.value.remedy) == (
        78,
        "upgrade the server to PostgreSQL 14 or newer",
    )
    monkeypatch.setattr("psycopg.ConnectionInfo.server_version", 14_00_00)
    provider("OWNER").close()


def test_a_restart_in_the_middle_leaves_nothing_and_the_next_connection_is_good(tmp_path: Path) -> None:
    with ConnectionProvider(Database("laws", production=False, embedded=str(tmp_path / "pg"))) as provider:
        with provider("OWNER") as connection:
            connection.execute("CREATE TABLE t (n int)")
        connection = provider("OWNER")
        connection.execute("INSERT INTO t VALUES (1)")
        pid_file = tmp_path / "pg" / "data" / "postmaster.pid"
        os.kill(int(pid_file.read_text(encoding="ascii").split("\n")[0]), signal.SIGKILL)
        with pytest.raises(Unavailable, match="connection was lost") as caught, told("leg A"):
            go_on(connection)
        assert (caught.value.exit_code, caught.value.place) == (69, "leg A")
        connection.close()
        with provider("OWNER") as again:
            assert again.execute("SELECT count(*) FROM t").fetchone() == (0,)


@pytest.mark.parametrize(
    ("limit", "kind", "code"),
    [("lock_timeout", LockHeld, 19), ("statement_timeout", Unavailable, 69)],
)
def test_a_time_limit_that_is_reached_says_so(
    provider: ConnectionProvider,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    kind: type[CutterError],
    code: int,
) -> None:
    with provider("OWNER") as one:
        one.execute("CREATE TABLE t (n int)")
        one.commit()
        one.execute("LOCK t")
        monkeypatch.setattr(connections, "TIMEOUTS", {limit: "50ms"})
        with provider("OWNER") as two, pytest.raises(kind) as caught, told("leg A"):
            two.execute("SELECT * FROM t")
        assert caught.value.exit_code == code
        assert "nothing was changed" in caught.value.world


def test_a_transaction_that_idles_is_ended_by_the_server(provider: ConnectionProvider) -> None:
    known = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
    connection = provider("OWNER")
    connection.execute("SET idle_in_transaction_session_timeout = '50ms'")
    with provider("OWNER") as other:
        other.autocommit = True
        until(lambda: other.execute(known, [connection.info.backend_pid]).fetchone() is None)
    with pytest.raises(Unavailable, match="too long"), told("leg A"):
        connection.execute("SELECT 1")
    connection.close()


def test_a_terminated_session_a_missing_right_and_a_plain_refusal(provider: ConnectionProvider) -> None:
    with provider("OWNER") as owner:
        victim = provider("OWNER")
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [victim.info.backend_pid])
        with pytest.raises(Unavailable, match="terminat"), told("x"):
            victim.execute("SELECT 1")
        with pytest.raises(StepFailed, match=r"\(22012\): division by zero"), told("x"):
            owner.execute("SELECT 1/0")
        owner.rollback()
        owner.execute("CREATE TABLE t (n int)")
        owner.execute("SET ROLE pg_monitor")
        with pytest.raises(PermissionRefused, match="permission denied"), told("x"):
            owner.execute("SELECT * FROM t")
        owner.rollback()


def test_another_host_in_the_process_environment_does_not_redirect(
    provider: ConnectionProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGHOST", "192.0.2.1")
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=0")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    with provider("OWNER") as connection:
        assert connection.execute("SHOW lock_timeout").fetchone() == ("5s",)


def test_only_psycopg_is_translated() -> None:
    with pytest.raises(LockHeld), told("x"):
        raise LockHeld("ours")
