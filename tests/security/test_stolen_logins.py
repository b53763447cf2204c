"""Whoever stole logins of the database: what they cannot do, and what they can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from security.stolen import ALLOWS, AUTHORISER, ENV_LOGINS, LOAD, TURN_ON, WRITES, Thief

if TYPE_CHECKING:
    from switched import SwitchedProject

DENIED, SWITCH_OFF = "42501", "CT016"


@pytest.fixture
def written(project: SwitchedProject) -> str:
    """Let an approved run write, and return its id; its switch is off again."""
    return project.apply(project.approved(project.production_run()))


def test_all_logins_of_the_env_together_write_nothing(project: SwitchedProject, written: str) -> None:
    thief, before = Thief(project), project.tables()
    for login in ENV_LOGINS:
        for run in (written, "invented"):
            for statement, state in thief.refusals(login, WRITES, run):
                assert state in (DENIED, SWITCH_OFF), (login, statement, state)
    assert project.tables() == before


def test_no_login_of_the_env_turns_the_switch_on(project: SwitchedProject, written: str) -> None:
    thief, before = Thief(project), project.tables()
    for login in ENV_LOGINS:
        for statement, state in thief.refusals(login, ALLOWS, f"{written}-again"):
            assert state == DENIED, (login, statement, state)
    assert project.tables() == before


def test_they_read_everything(project: SwitchedProject, written: str) -> None:
    with Thief(project).connect("READER") as connection:
        found = connection.execute("SELECT count(*), min(body) FROM cutter.information_unit").fetchone()
        runs = connection.execute("SELECT run FROM cutter.governance_record").fetchall()
    assert found is not None
    assert found[0] > 0
    assert found[1]
    assert (written,) in runs


def test_in_the_name_of_a_run_that_has_the_switch_on_they_write_and_it_stands_in_the_record(
    project: SwitchedProject,
) -> None:
    thief = Thief(project)
    with project.held_on("run-1"), thief.connect("WRITER", "cutter_cut") as connection:
        connection.execute(LOAD.encode(), {"run": "run-1"})
    recorded = project.sql(
        "SELECT run, actor FROM cutter.governance_record WHERE kind <> 'switch' AND run = 'run-1'"
    )
    assert recorded == [("run-1", "cutter_writer_login")]


def test_they_turn_it_off(project: SwitchedProject) -> None:
    with project.held_on("run-1"), Thief(project).connect("READER") as connection:
        assert connection.execute("SELECT cutter.fn_switch_off()").fetchall() == [("run-1",)]
        assert project.switch() == [("run-1", False)]


def test_the_authoriser_alone_writes_nothing(project: SwitchedProject, written: str) -> None:
    thief, before = Thief(project), project.tables()
    for run in (written, "invented"):
        for statement, state in thief.refusals(AUTHORISER, WRITES, run):
            assert state == DENIED, (statement, state)
    others = tuple(statement for statement in ALLOWS if "fn_switch_on" not in statement)
    for statement, state in thief.refusals(AUTHORISER, others, "invented"):
        assert state == DENIED, (statement, state)
    assert project.tables() == before


def test_the_authoriser_and_the_cut_role_together_write_and_it_shows(
    project: SwitchedProject, written: str
) -> None:
    thief = Thief(project)
    with thief.connect(AUTHORISER) as key, thief.connect("WRITER", "cutter_cut") as hand:
        key.execute(TURN_ON.encode(), {**thief.known, "run": "invented"})
        hand.execute(LOAD.encode(), {"run": "invented"})
    assert project.sql("SELECT count(*) FROM cutter.document WHERE document_ref = 'stolen'") == [(1,)]
    used = "SELECT request_digest FROM cutter.approval_use ORDER BY used_at"
    assert len(project.sql(used)) == 2
    for statement, state in thief.refusals(AUTHORISER, ("DELETE FROM cutter.approval_use",), "invented"):
        assert state == DENIED, statement
    known = {str(entry["request"]) for entry in project.entries("approval")}
    assert [digest in known for (digest,) in project.sql(used)] == [True, False], "no ledger has that request"
    turns = [run for run, turn in project.turns() if turn == "on"]
    assert turns == [written, "invented"]
