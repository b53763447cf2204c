"""Which version is in force: the state machine of the database, every transition tried."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import psycopg
import pytest
from cut_cases import REF, RUN, Governed, cutplan

from cutter.cut import lifecycle
from cutter.errors import Conflict, CutterError, KillSwitchOff, StalePlan

DAY = date(2026, 3, 1)
STATES = ("draft", "enacted", "superseded", "revoked")


@pytest.fixture
def drafts(governed: Governed) -> Governed:
    """Cut three versions; none is in force."""
    for version in (1, 2, 3):
        plan = cutplan(version=version)
        governed.load(plan, supersedes=version - 1 or None)
        governed.cut(plan)
    return governed


def enact(governed: Governed, version: int, day: date) -> str:
    with governed.provider("ENACT") as connection:
        connection.execute("SET LOCAL ROLE cutter_enact")
        return lifecycle.enact(connection, REF, version, day, RUN)


def revoke(governed: Governed, version: int, day: date) -> str:
    with governed.provider("ENACT") as connection:
        connection.execute("SET LOCAL ROLE cutter_enact")
        return lifecycle.revoke(connection, REF, version, day, RUN)


def undo(governed: Governed, version: int) -> int | None:
    with governed.provider("ENACT") as connection:
        connection.execute("SET LOCAL ROLE cutter_enact")
        return lifecycle.undo(connection, REF, version, RUN)


def states(governed: Governed) -> list[str]:
    with governed.provider("READER") as connection:
        found = [lifecycle.standing(connection, REF, version) for version in (1, 2, 3)]
    return [standing.state for standing in found if standing]


def in_force(governed: Governed, day: date) -> int | None:
    with governed.provider("READER") as connection:
        return lifecycle.version_in_force(connection, REF, day)


def test_each_day_has_exactly_one_version(drafts: Governed) -> None:
    assert enact(drafts, 1, DAY) == "enacted"
    assert enact(drafts, 2, DAY + timedelta(30)) == "enacted"
    assert enact(drafts, 3, DAY + timedelta(60)) == "enacted"
    assert states(drafts) == ["superseded", "superseded", "enacted"]
    days = [in_force(drafts, DAY + timedelta(offset)) for offset in (-1, 0, 29, 30, 59, 60, 10_000)]
    assert days == [None, 1, 1, 2, 2, 3, 3]


def test_what_is_enacted_already_exists(drafts: Governed) -> None:
    assert [enact(drafts, 1, DAY), enact(drafts, 1, DAY)] == ["enacted", "exists"]
    assert drafts.as_owner("SELECT count(*) FROM cutter.governance_record WHERE kind = 'enact'") == [(1,)]
    with pytest.raises(Conflict, match=r"illegal transition.*enacted to enacted"):
        enact(drafts, 1, DAY + timedelta(1))


def test_only_a_verified_and_unaltered_cut_is_enacted(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    with pytest.raises(Conflict, match="no cut that is verified"):
        enact(governed, 1, DAY)
    governed.cut(plan)
    governed.as_owner("UPDATE cutter.information_unit SET title = 'x' WHERE unit_ref = 'art_1'")
    with pytest.raises(Conflict, match="no cut that is verified and unaltered"):
        enact(governed, 1, DAY)


def test_a_later_version_cannot_be_overtaken(drafts: Governed) -> None:
    enact(drafts, 2, DAY)
    with pytest.raises(Conflict, match="version 2, which comes later, is enacted"):
        enact(drafts, 1, DAY + timedelta(5))
    with pytest.raises(Conflict, match="in force only from"):
        enact(drafts, 3, DAY - timedelta(1))


def test_a_version_may_end_on_the_day_it_began(drafts: Governed) -> None:
    enact(drafts, 1, DAY)
    enact(drafts, 2, DAY)
    assert in_force(drafts, DAY) == 2
    with drafts.provider("READER") as connection:
        first = lifecycle.standing(connection, REF, 1)
    assert first is not None
    assert (first.state, first.ever_in_force) == ("superseded", False)


def test_a_revoked_version_leaves_a_time_without_one(drafts: Governed) -> None:
    enact(drafts, 1, DAY)
    assert revoke(drafts, 1, DAY + timedelta(10)) == "revoked"
    assert revoke(drafts, 1, DAY + timedelta(10)) == "exists"
    assert [in_force(drafts, DAY + timedelta(offset)) for offset in (9, 10)] == [1, None]
    with pytest.raises(Conflict, match="another version of constitution is in force"):
        enact(drafts, 2, DAY + timedelta(5))
    assert enact(drafts, 2, DAY + timedelta(20)) == "enacted"


@pytest.mark.parametrize("day", [DAY - timedelta(1), date(2020, 1, 1)])
def test_nothing_ends_before_it_began(drafts: Governed, day: date) -> None:
    enact(drafts, 1, DAY)
    with pytest.raises(Conflict, match="cannot end on"):
        revoke(drafts, 1, day)


def test_taking_back_an_enactment_restores_what_it_superseded(drafts: Governed) -> None:
    enact(drafts, 1, DAY)
    enact(drafts, 2, DAY + timedelta(30))
    with pytest.raises(StalePlan, match="version 1 of constitution is superseded"):
        undo(drafts, 1)
    assert undo(drafts, 2) == 1
    assert states(drafts) == ["enacted", "draft", "draft"]
    assert in_force(drafts, DAY + timedelta(30)) == 1
    assert undo(drafts, 1) is None
    assert states(drafts) == ["draft", "draft", "draft"]
    with pytest.raises(StalePlan):
        undo(drafts, 1)
    assert enact(drafts, 1, DAY) == "enacted"


def test_taking_back_a_revocation(drafts: Governed) -> None:
    enact(drafts, 1, DAY)
    revoke(drafts, 1, DAY + timedelta(3))
    assert undo(drafts, 1) is None
    assert in_force(drafts, DAY + timedelta(3)) == 1


def test_the_kill_switch_guards_the_lifecycle(drafts: Governed) -> None:
    drafts.as_owner("DELETE FROM cutter.kill_switch")
    for call in (lambda: enact(drafts, 1, DAY), lambda: revoke(drafts, 1, DAY), lambda: undo(drafts, 1)):
        with pytest.raises(KillSwitchOff):
            call()


ROW = {
    "draft": "'draft', NULL, NULL",
    "enacted": "'enacted', daterange('2026-03-01', NULL), NULL",
    "superseded": "'superseded', daterange('2026-03-01', '2026-04-01'), 2",
    "revoked": "'revoked', daterange('2026-03-01', '2026-04-01'), NULL",
}
LEGAL = {("draft", "enacted"), ("enacted", "superseded"), ("enacted", "revoked")}


@pytest.mark.parametrize(("before", "after"), list(product(STATES, STATES)))
def test_every_transition_is_legal_or_raises_even_for_the_owner(
    drafts: Governed, before: str, after: str
) -> None:
    ways = {
        "draft": [],
        "enacted": ["enacted"],
        "superseded": ["enacted", "superseded"],
        "revoked": ["enacted", "revoked"],
    }
    move = """
        UPDATE cutter.lifecycle SET (state, effective, superseded_by, undoes) = ({}, NULL)
        WHERE document_id = 1
    """
    with drafts.provider("OWNER") as connection:
        for state in ways[before]:
            connection.execute(move.format(ROW[state]).encode())
        if (before, after) in LEGAL:
            connection.execute(move.format(ROW[after]).encode())
        else:
            with pytest.raises(psycopg.Error, match="illegal transition") as caught:
                connection.execute(move.format(ROW[after]).encode())
            assert caught.value.sqlstate == "CT010"
            connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO cutter.lifecycle SELECT 9, 1, 'enacted', '[2026-01-01,)', NULL, 'r', NULL",
        "UPDATE cutter.lifecycle SET document_id = 99 WHERE document_id = 1",
        "UPDATE cutter.lifecycle SET state = 'enacted', effective = '(,)' WHERE document_id = 1",
        "UPDATE cutter.lifecycle SET undoes = 1, state = 'draft' WHERE document_id = 1",
        "TRUNCATE cutter.lifecycle",
        "UPDATE cutter.lifecycle_transition SET run = 'x'",
        "DELETE FROM cutter.lifecycle_transition",
        "TRUNCATE cutter.lifecycle_transition",
    ],
)
def test_no_way_around_the_state_machine(drafts: Governed, statement: str) -> None:
    before = drafts.as_owner("SELECT * FROM cutter.lifecycle ORDER BY 1")
    with drafts.provider("OWNER") as connection:
        with pytest.raises(psycopg.Error):
            connection.execute(statement.encode())
        connection.rollback()
    assert drafts.as_owner("SELECT * FROM cutter.lifecycle ORDER BY 1") == before


def test_two_versions_never_hold_at_once_even_for_the_owner(drafts: Governed) -> None:
    move = "UPDATE cutter.lifecycle SET state = 'enacted', effective = '[2026-01-01,)' WHERE document_id = {}"
    with drafts.provider("OWNER") as connection:
        connection.execute(move.format(1).encode())
        with pytest.raises(psycopg.errors.ExclusionViolation, match="one_version_at_a_time"):
            connection.execute(move.format(2).encode())
        connection.rollback()


def test_an_unknown_version_is_said(governed: Governed) -> None:
    with pytest.raises(CutterError, match="no version 7 of constitution"):
        enact(governed, 7, DAY)
