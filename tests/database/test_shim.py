"""One contract, two drivers: what the live adapter asks of a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from cutter.cut.complaints import complaint
from cutter.database.connections import ConnectionProvider, identity
from cutter.database.failures import told
from cutter.database.places import Login
from cutter.errors import ConfigurationError, LockHeld, StepFailed, Unavailable

pytest.importorskip("psycopg2")
from cutter.database import connections, shim

Open = Callable[[], Any]


@pytest.fixture(params=["psycopg", "psycopg2"])
def opened(request: pytest.FixtureRequest, provider: ConnectionProvider) -> Iterator[Open]:
    """Give a way to open connections by one driver or the other."""
    made: list[Any] = []

    def by_psycopg2() -> Any:
        return shim.open_psycopg2(provider.place, provider.place.login("OWNER"))

    def remembered() -> Any:
        made.append(by_psycopg2() if request.param == "psycopg2" else provider("OWNER"))
        return made[-1]

    yield remembered
    for connection in made:
        connection.close()


@pytest.fixture
def connection(opened: Open) -> Any:
    found = opened()
    found.execute("CREATE TABLE t (n int, word text, truth boolean)")
    found.commit()
    return found


def test_statements_rows_and_counts(connection: Any) -> None:
    written = connection.execute("INSERT INTO t VALUES (%s, %s, %s), (2, 'b', NULL)", (1, "a", True))
    assert written.rowcount == 2
    cursor = connection.execute(b"SELECT n, word, truth FROM t ORDER BY n")
    assert cursor.fetchone() == (1, "a", True)
    assert cursor.fetchmany(5) == [(2, "b", None)]
    assert cursor.fetchone() is None
    assert connection.execute("SELECT '100%'").fetchall() == [("100%",)]
    assert list(connection.execute("SELECT %s", ["x"])) == [("x",)]
    with connection.cursor() as many:
        many.executemany("INSERT INTO t (n) VALUES (%s)", [(3,), (4,)])
        assert many.execute("SELECT count(*) FROM t").fetchone() == (4,)
        assert many.description[0][0] == "count"


def test_copied_rows_arrive_as_they_were(connection: Any) -> None:
    rows = [
        (1, "tab\there", True),
        (2, "line\nline\r\\N \\", False),
        (3, None, None),
        (4, "§ “é” 𝄞", True),
        (5, "", None),
    ]
    with connection.cursor().copy(b"COPY t FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    assert connection.execute("SELECT * FROM t ORDER BY n").fetchall() == rows


def test_nothing_is_copied_when_the_block_fails(connection: Any) -> None:
    def copy_and_fail() -> None:
        with connection.cursor().copy("COPY t FROM STDIN") as copy:
            copy.write_row((1, "a", True))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        copy_and_fail()
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_commit_rollback_and_context(opened: Open, connection: Any) -> None:
    connection.execute("INSERT INTO t (n) VALUES (1)")
    connection.rollback()
    with opened() as other:
        other.execute("INSERT INTO t (n) VALUES (2)")
    assert other.closed
    with pytest.raises(psycopg.errors.DivisionByZero), opened() as third:
        third.execute("INSERT INTO t (n) VALUES (1 / 0)")
    assert connection.execute("SELECT n FROM t").fetchall() == [(2,)]


def test_a_transaction_is_open_unless_in_autocommit(opened: Open, connection: Any) -> None:
    connection.execute("INSERT INTO t (n) VALUES (1)")
    other = opened()
    other.autocommit = True
    assert other.autocommit
    assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_role_is_taken_for_the_transaction(connection: Any) -> None:
    connection.execute("SET LOCAL ROLE pg_monitor")
    assert connection.execute("SELECT current_user::text").fetchone() == ("pg_monitor",)
    connection.rollback()
    assert connection.execute("SELECT current_user::text").fetchone() == ("postgres",)


def test_time_limits_and_identity(opened: Open, connection: Any) -> None:
    found = [connection.execute(f"SHOW {name}").fetchone() for name in ("lock_timeout", "application_name")]
    assert found == [("5s",), ("cutter",)]
    assert identity(connection) == identity(opened())


def test_errors_are_of_one_kind(opened: Open, connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero) as caught:
        connection.execute("SELECT 1/0")
    assert caught.value.sqlstate == "22012"
    connection.rollback()
    with pytest.raises(StepFailed, match=r"\(22012\): division by zero"), told("x"):
        connection.execute("SELECT 1/0")
    connection.rollback()
    with pytest.raises(psycopg.DatabaseError, match="the switch") as own:
        connection.execute("DO $$ BEGIN RAISE EXCEPTION 'the switch' USING ERRCODE = 'CT016'; END $$")
    assert own.value.sqlstate == "CT016"
    connection.rollback()
    connection.execute("LOCK t")
    monkeypatch.setattr(connections, "TIMEOUTS", {"lock_timeout": "50ms"})
    other = opened()
    with pytest.raises(LockHeld), told("x"):
        other.execute("SELECT * FROM t")


DETAILED = """
DO $$ BEGIN RAISE EXCEPTION 'the switch is off' USING ERRCODE = 'CT016', DETAIL = 'since “noon”',
HINT = 'wait', CONSTRAINT = 'held', TABLE = 'kill_switch', SCHEMA = 'cutter'; END $$
"""


def test_an_error_keeps_its_detail_its_hint_and_its_names(connection: Any) -> None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(DETAILED)
    diag = caught.value.diag
    assert (diag.message_primary, diag.message_detail, diag.message_hint) == (
        "the switch is off",
        "since “noon”",
        "wait",
    )
    assert (diag.sqlstate, diag.severity) == ("CT016", "ERROR")
    assert (diag.constraint_name, diag.table_name, diag.schema_name) == ("held", "kill_switch", "cutter")
    told = complaint(caught.value, "leg A")
    assert (told.exit_code, told.cause, told.remedy) == (16, "the switch is off: since “noon”", "wait")
    connection.rollback()
    connection.execute("ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0)")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute("INSERT INTO t (n) VALUES (-1)")
    assert refused.value.diag.constraint_name == "positive"
    assert "Failing row" in str(refused.value.diag.message_detail)


def test_a_lost_connection_is_unavailable(opened: Open, connection: Any) -> None:
    (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone()
    other = opened()
    other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with pytest.raises(Unavailable), told("x"):
        connection.execute("SELECT 1")
    assert connection.closed
    with pytest.raises(Unavailable), told("x"):
        connection.execute("SELECT 1")


def test_a_user_who_is_not_there_is_configuration(provider: ConnectionProvider) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        shim.open_psycopg2(provider.place, Login("nobody_here", None))
