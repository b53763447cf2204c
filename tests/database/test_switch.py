"""The kill switch goes on for one run on one database, and off however its holder ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cutter.cut.schema_install import available, remove, upgrade
from cutter.cut.statements import SCHEMA
from cutter.database.connections import ConnectionProvider, identity
from cutter.database.switch import demand, held_on, is_on
from cutter.errors import KillSwitchOff, LockHeld, StepFailed

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def owner(provider: ConnectionProvider, tmp_path: Path) -> Iterator[Connection]:
    """Install the schema as far as the switch."""
    for file in available()[:4]:
        (tmp_path / file.name).symlink_to(Path(SCHEMA) / file.name)
    with provider("OWNER") as connection:
        upgrade(connection, str(tmp_path))
        connection.commit()
        yield connection


@pytest.fixture
def holder(provider: ConnectionProvider) -> Iterator[Connection]:
    connection = provider("OWNER")
    yield connection
    connection.close()


def on_for_a_row(connection: Connection) -> bool:
    return connection.execute("SELECT cutter.switch_is_on('r1')").fetchone() == (True,)


def test_it_is_off_and_says_so_with_exit_16(owner: Connection) -> None:
    assert not is_on(owner, "r1")
    with pytest.raises(KillSwitchOff) as caught:
        demand(owner, "r1")
    assert caught.value.exit_code == 16
    assert "r1" in caught.value.cause


def test_it_is_on_for_its_run_alone_and_only_while_it_is_held(owner: Connection, holder: Connection) -> None:
    with held_on(holder, "r1", seconds=60, by="SG_1"):
        assert is_on(owner, "r1")
        demand(owner, "r1")
        assert not is_on(owner, "r2")
    assert not is_on(owner, "r1")
    assert owner.execute("SELECT count(*) FROM cutter.kill_switch").fetchone() == (0,)


def test_it_runs_out_within_a_transaction(owner: Connection, holder: Connection) -> None:
    with held_on(holder, "r1", seconds=60, by="SG_1"):
        assert is_on(owner, "r1")
        assert on_for_a_row(owner)
        holder.execute("UPDATE cutter.kill_switch SET lease = clock_timestamp()")  # our transaction is older
        assert not is_on(owner, "r1")
        assert not on_for_a_row(owner)


def test_it_goes_off_with_its_holder_although_the_row_stays(owner: Connection, holder: Connection) -> None:
    with held_on(holder, "r1", seconds=60, by="SG_1"):
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [holder.info.backend_pid])
        assert not is_on(owner, "r1")
        assert not on_for_a_row(owner)
    assert owner.execute("SELECT count(*) FROM cutter.kill_switch").fetchone() == (1,)


def test_nobody_else_can_keep_it_on_with_the_same_key(
    owner: Connection, holder: Connection, provider: ConnectionProvider
) -> None:
    with held_on(holder, "r1", seconds=60, by="SG_1"):
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [holder.info.backend_pid])
        with provider("OWNER") as other:
            other.execute("SELECT pg_advisory_lock(lock_key) FROM cutter.kill_switch")
            assert on_for_a_row(owner)
            assert not is_on(owner, "r1")


def test_a_row_without_a_holder_turns_nothing_on(owner: Connection) -> None:
    row = "INSERT INTO cutter.kill_switch VALUES ('r1', DEFAULT, 'tomorrow', pg_backend_pid(), 7, 'me')"
    owner.execute(row)
    assert not is_on(owner, "r1")
    owner.execute("SELECT pg_advisory_lock(7)")
    assert not is_on(owner, "r1")  # a session cannot vouch for itself


def test_a_row_of_another_database_is_worth_nothing(owner: Connection, holder: Connection) -> None:
    with held_on(holder, "r1", seconds=60, by="SG_1"):
        owner.execute("UPDATE cutter.kill_switch SET database_identity = 'postgresql:1:2:other'")
        assert not is_on(owner, "r1")
        assert on_for_a_row(owner)


def test_the_two_who_name_a_database_agree(owner: Connection) -> None:
    assert owner.execute("SELECT cutter.database_identity()").fetchone() == (identity(owner),)


def test_a_second_holder_waits_its_turn_and_a_dead_one_is_succeeded(
    owner: Connection, holder: Connection, provider: ConnectionProvider
) -> None:
    with provider("OWNER") as second, held_on(holder, "r1", seconds=60, by="SG_1"):
        with pytest.raises(LockHeld, match="another session"), held_on(second, "r1", seconds=60, by="SG_2"):
            pass
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [holder.info.backend_pid])
        with held_on(second, "r1", seconds=60, by="SG_2"):
            assert is_on(owner, "r1")


def test_an_ordinary_role_cannot_turn_it_on(owner: Connection) -> None:
    owner.execute("SET ROLE cutter_cut")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("INSERT INTO cutter.kill_switch VALUES ('r', DEFAULT, 'tomorrow', 1, 7, 'me')")


def test_a_run_whose_switch_went_off_does_not_commit(owner: Connection, holder: Connection) -> None:
    owner.execute("CREATE TABLE cutter.written (run text)")
    owner.execute(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON cutter.written DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION cutter.switch_at_commit()"
    )
    owner.commit()
    with held_on(holder, "r1", seconds=60, by="SG_1"):
        owner.execute("INSERT INTO cutter.written VALUES ('r1')")
        owner.commit()
        owner.execute("INSERT INTO cutter.written VALUES ('r1')")
    with pytest.raises(psycopg.Error) as caught:
        owner.commit()
    assert caught.value.sqlstate == "CT016"
    assert owner.execute("SELECT count(*) FROM cutter.written").fetchone() == (1,)


def test_turning_it_on_without_a_schema_is_said_plainly(provider: ConnectionProvider) -> None:
    connection = provider("OWNER")
    with connection, pytest.raises(StepFailed, match="cutter"), held_on(connection, "r1", seconds=1, by="x"):
        pass


def test_nothing_that_was_written_commits_after_the_switch_went_off(
    provider: ConnectionProvider, holder: Connection
) -> None:
    with provider("OWNER") as owner:
        upgrade(owner)
        owner.commit()
        given = "'law', 1, 'text', cutter.text_digest('text'), 'g', NULL, 'r1'"
        load = f"SELECT status FROM cutter.fn_document_create({given})"
        with held_on(holder, "r1", seconds=60, by="SG_1"):
            assert owner.execute(load).fetchone() == ("created",)
        with pytest.raises(psycopg.Error) as caught:
            owner.commit()
        assert caught.value.sqlstate == "CT016"
        with held_on(holder, "r1", seconds=60, by="SG_1"):
            assert owner.execute(load).fetchone() == ("created",)
            owner.commit()


def test_the_schema_is_installed_taken_away_and_installed_again(provider: ConnectionProvider) -> None:
    with provider("OWNER") as owner:
        for _ in range(2):
            assert upgrade(owner)
            remove(owner)
        assert owner.execute("SELECT to_regnamespace('cutter_proof')").fetchone() == (None,)
