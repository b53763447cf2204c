"""Every known way out of a transaction that may only be rolled back, tried as a role that owns no guard."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from cutter.database.connections import ConnectionProvider, identity
from cutter.database.rehearsal import Rehearsal
from cutter.database.rollback_only import EXCLUDED, Proof, prove
from cutter.errors import CutterError, KillSwitchOff, StepFailed

Connection = psycopg.Connection[tuple[object, ...]]
INSERT = "INSERT INTO world.item (name) VALUES ('leaked')"

REPLACED = (
    "CREATE OR REPLACE FUNCTION cutter_proof.refuse_commit() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
)


def items(world: Connection) -> int:
    row = world.execute("SELECT count(*) FROM world.item").fetchone()
    assert row is not None
    return int(str(row[0]))


def foreign(*texts: str) -> Callable[[Rehearsal], None]:
    def work(rehearsal: Rehearsal) -> None:
        for text in texts:
            rehearsal.foreign(text)

    return work


def fixed(*texts: str) -> Callable[[Rehearsal], None]:
    def work(rehearsal: Rehearsal) -> None:
        for text in texts:
            rehearsal.connection.execute(text.encode())

    return work


def outcome(provider: ConnectionProvider, world: Connection, work: Callable[[Rehearsal], object]) -> Proof:
    """Prove, and check that nothing stayed, whatever the verdict."""
    proof = prove(provider, "WRITER", work)
    assert items(world) == 2
    assert world.execute("SELECT count(*) FROM pg_prepared_xacts").fetchone() == (0,)
    assert world.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'evil%'").fetchone() == (0,)
    return proof


def test_what_stays_inside_is_proved_with_its_residue(
    provider: ConnectionProvider, world: Connection
) -> None:
    def work(rehearsal: Rehearsal) -> None:
        assert rehearsal.foreign(f"{INSERT}, ('more')") == 2
        rehearsal.connection.execute("CREATE TEMP TABLE stage (name text) ON COMMIT DROP")
        with rehearsal.connection.cursor().copy("COPY stage FROM STDIN") as copy:
            copy.write_row(("copied",))
        rehearsal.connection.execute("INSERT INTO world.item (name) SELECT name FROM stage")
        rehearsal.connection.commit()
        row = rehearsal.connection.execute("SELECT count(*) FROM world.item").fetchone()
        assert row == (5,)

    proof = outcome(provider, world, work)
    assert (proof.outcome, proof.reason) == ("proved", "")
    assert proof.residue == ("the sequence world.item_id_seq went from 2 to 5",)
    assert proof.before == proof.after
    assert proof.identity == identity(world)
    assert proof.statements >= 4
    assert proof.excluded == EXCLUDED


@pytest.mark.parametrize(
    "texts",
    [
        ("COMMIT",),
        ("END",),
        ("ROLLBACK",),
        ("PREPARE TRANSACTION 'p'",),
        ("SET cutter.rollback_only = 'off'", "COMMIT"),
        ("SET CONSTRAINTS cutter_proof.rollback_only DEFERRED", "COMMIT"),
        ("ALTER TABLE cutter_proof.rollback_only DISABLE TRIGGER ALL", "COMMIT"),
        (REPLACED, "COMMIT"),
        ("TRUNCATE cutter_proof.rollback_only",),
        (f"{INSERT}; COMMIT; {INSERT}",),
        (f"ROLLBACK; {INSERT}; COMMIT",),
        (f"DO $$ BEGIN {INSERT}; COMMIT; END $$",),
        (f"DO $$ BEGIN ROLLBACK; {INSERT}; COMMIT; END $$",),
        (f"DO $$ BEGIN {INSERT}; COMMIT; EXCEPTION WHEN OTHERS THEN NULL; END $$",),
        (
            f"CREATE PROCEDURE world.evil() LANGUAGE plpgsql AS $$ BEGIN {INSERT}; COMMIT; END $$",
            "CALL world.evil()",
        ),
        ("COPY world.item (name) FROM STDIN; COMMIT",),
    ],
)
def test_foreign_text_that_would_end_the_transaction_is_a_breach(
    provider: ConnectionProvider, world: Connection, texts: tuple[str, ...]
) -> None:
    proof = outcome(provider, world, foreign(INSERT, *texts))
    assert proof.outcome == "breached", proof
    assert proof.before == proof.after


@pytest.mark.parametrize("swallowing", [True, False])
@pytest.mark.parametrize(
    "texts",
    [
        ("COMMIT",),
        ("ROLLBACK", INSERT, "COMMIT"),
        ("COMMIT AND CHAIN",),
        ("ROLLBACK AND CHAIN", INSERT, "COMMIT"),
        ("PREPARE TRANSACTION 'p'",),
        (f"{INSERT}; COMMIT",),
        (f"ROLLBACK; {INSERT}; COMMIT",),
        ("SET CONSTRAINTS ALL IMMEDIATE", "COMMIT"),
        (f"DO $$ BEGIN {INSERT}; COMMIT; END $$",),
        ("SELECT 1/0", "ROLLBACK", INSERT, "COMMIT"),
    ],
)
def test_not_even_a_statement_of_our_own_gets_out(
    provider: ConnectionProvider, world: Connection, texts: tuple[str, ...], swallowing: bool
) -> None:
    def work(rehearsal: Rehearsal) -> None:
        for text in texts:
            try:
                rehearsal.connection.execute(text.encode(), prepare=True)
            except (psycopg.Error, CutterError):
                if not swallowing:
                    raise

    try:
        proof = outcome(provider, world, work)
    except StepFailed:
        assert not swallowing
        assert texts[0].endswith(("COMMIT", "1/0"))  # refused as two in one, or an error of its own
    else:
        assert proof.outcome == "breached"
    assert items(world) == 2


def test_a_copy_string_takes_no_second_statement(provider: ConnectionProvider, world: Connection) -> None:
    def work(rehearsal: Rehearsal) -> None:
        with rehearsal.connection.cursor().copy("COPY world.item (name) FROM STDIN; COMMIT") as copy:
            copy.write_row(("leaked",))

    with pytest.raises(StepFailed, match="multiple commands"):
        outcome(provider, world, work)


def test_going_on_in_a_session_of_ones_own_is_noticed(
    provider: ConnectionProvider, world: Connection
) -> None:
    def work(_: Rehearsal) -> None:
        with provider("WRITER") as other:
            other.execute(INSERT)

    proof = prove(provider, "WRITER", work)
    assert items(world) == 3
    assert proof.outcome == "breached"
    assert "the table world.item differs" in proof.reason
    assert proof.before != proof.after


def test_a_new_function_or_right_is_noticed_too(provider: ConnectionProvider, world: Connection) -> None:
    def work(_: Rehearsal) -> None:
        world.execute("CREATE FUNCTION world.later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        world.execute("GRANT SELECT ON world.item TO PUBLIC")

    proof = prove(provider, "WRITER", work)
    assert proof.outcome == "breached"
    assert "function" in proof.reason
    assert "relation" in proof.reason


def test_without_the_guards_trigger_nothing_is_begun(provider: ConnectionProvider, world: Connection) -> None:
    world.execute("ALTER TABLE cutter_proof.rollback_only DISABLE TRIGGER ALL")
    proof = outcome(provider, world, fixed("COMMIT"))
    assert (proof.outcome, proof.statements) == ("unprovable", 0)
    assert "disarmed" in proof.reason


def test_an_advisory_lock_that_stays_is_a_breach(provider: ConnectionProvider, world: Connection) -> None:
    proof = outcome(provider, world, foreign("SELECT pg_advisory_lock(7)"))
    assert proof.outcome == "breached"
    assert "1 advisory locks outlive" in proof.reason
    assert outcome(provider, world, foreign("SELECT pg_advisory_xact_lock(7)")).outcome == "proved"


@pytest.mark.parametrize(
    "text",
    [
        "VACUUM world.item",
        "CREATE INDEX CONCURRENTLY i ON world.item (name)",
        "CREATE DATABASE evil",
        "COPY world.item (name) FROM STDIN",
        "SET CONSTRAINTS ALL IMMEDIATE",
    ],
)
def test_what_runs_in_no_transaction_is_unprovable(
    provider: ConnectionProvider, world: Connection, text: str
) -> None:
    world.execute("ALTER ROLE cutter_writer_login CREATEDB")
    proof = outcome(provider, world, foreign(INSERT, text))
    assert proof.outcome == "unprovable", proof
    assert proof.before == proof.after


def test_deferred_constraints_are_checked_by_name(provider: ConnectionProvider, world: Connection) -> None:
    with pytest.raises(StepFailed, match="foreign key") as caught:
        outcome(provider, world, foreign("INSERT INTO world.part VALUES (99)"))
    assert "rolled back" in caught.value.world


def test_an_ordinary_error_is_the_works_own(provider: ConnectionProvider, world: Connection) -> None:
    with pytest.raises(StepFailed, match="not-null"):
        outcome(provider, world, foreign(INSERT, "INSERT INTO world.item (name) VALUES (NULL)"))

    def off(_: Rehearsal) -> None:
        raise KillSwitchOff("off")

    with pytest.raises(KillSwitchOff) as caught:
        outcome(provider, world, off)
    assert "rolled back" in caught.value.world


def test_closing_is_a_farewell_and_rolling_back_leaves_nothing_to_judge(
    provider: ConnectionProvider, world: Connection
) -> None:
    def closing(rehearsal: Rehearsal) -> None:
        with rehearsal.by_role("cut") as connection:
            connection.execute(INSERT)
        connection.close()
        connection.execute(INSERT)

    def rolling_back(rehearsal: Rehearsal) -> None:
        rehearsal.connection.execute(INSERT)
        rehearsal.connection.rollback()

    assert outcome(provider, world, closing).outcome == "proved"
    proof = outcome(provider, world, rolling_back)
    assert (proof.outcome, proof.before) == ("unprovable", proof.after)


def test_words_in_quotes_and_comments_are_no_breach(provider: ConnectionProvider, world: Connection) -> None:
    text = "INSERT INTO world.item (name) /* COMMIT */ VALUES ('we commit', 'x') -- ROLLBACK".replace(
        ", 'x'", ""
    )
    assert outcome(provider, world, foreign(text)).outcome == "proved"


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        ("ALTER ROLE cutter_writer_login SUPERUSER", "cutter_writer_login is a superuser"),
        ("GRANT postgres TO cutter_writer_login", "postgres is a superuser"),
        ("GRANT pg_execute_server_program TO cutter_writer_login", "programs or files"),
        ("GRANT pg_write_server_files TO cutter_writer_login", "programs or files"),
        ("CREATE EXTENSION dblink", "dblink"),
        ("GRANT cutter_owner TO cutter_writer_login", "owns the guard"),
        ("DROP SCHEMA cutter_proof CASCADE", "not installed"),
    ],
)
def test_what_only_roles_exclude_is_looked_at_before_anything_runs(
    provider: ConnectionProvider, world: Connection, grant: str, reason: str
) -> None:
    undo = {
        "ALTER ROLE cutter_writer_login SUPERUSER": "ALTER ROLE cutter_writer_login NOSUPERUSER",
    }
    world.execute(grant.encode())
    try:
        proof = outcome(provider, world, foreign(INSERT))
    finally:
        if grant.startswith("GRANT"):
            world.execute(grant.replace("GRANT", "REVOKE").replace(" TO ", " FROM ").encode())
        elif grant in undo:
            world.execute(undo[grant].encode())
    assert (proof.outcome, proof.statements, proof.excluded) == ("unprovable", 0, ())
    assert reason in proof.reason


@pytest.mark.usefixtures("world")
def test_a_table_that_the_watcher_may_not_read_is_named(provider: ConnectionProvider) -> None:

    proof = prove(provider, "WRITER", foreign(INSERT), watcher="VERIFY")
    assert "not looked at: world.item" in proof.residue
