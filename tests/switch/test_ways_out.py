"""Whichever way a run ends, its switch is off afterwards, and both records say so."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from switch.paused import paused
from switched import LEGS, SWITCH
from waiting import until

if TYPE_CHECKING:
    from switch.paused import Paused
    from switched import SwitchedProject


def is_over(project: SwitchedProject, run: str) -> None:
    """Check that the switch is off, that both records say so, and that nothing is left behind."""
    assert project.switch() == []
    assert project.turns() == [(run, "on"), (run, "off")]
    assert [(body["run"], body["turn"]) for body in project.entries("switch")] == [(run, "on"), (run, "off")]
    until(lambda: project.left_behind() == [])


def is_on(run: Paused) -> bool:
    return (run.run, True) in run.project.switch()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_signal_ends_the_run_and_the_switch(project: SwitchedProject, number: int) -> None:
    with paused(project) as run:
        assert is_on(run)
        run.process.send_signal(number)
        until(lambda: "finishing the current step" in run.said.read_text())
        assert is_on(run)
        assert run.release() == 21
        assert run.outcomes()["cut"] == "skipped"
    is_over(project, run.run)


def test_a_second_one_aborts_it(project: SwitchedProject) -> None:
    with paused(project) as run:
        run.process.send_signal(signal.SIGINT)
        until(lambda: "finishing the current step" in run.said.read_text())
        run.process.send_signal(signal.SIGTERM)
        assert run.ended() == 21
        assert run.outcomes()["pause"] == "unknown"
    is_over(project, run.run)


def test_a_run_that_is_killed_has_it_on_no_longer(project: SwitchedProject) -> None:
    with paused(project) as run:
        run.process.kill()
        assert run.ended() == -signal.SIGKILL
        until(lambda: not is_on(run))
    request = str(project.folder / "a.request")
    answer = project.cutter("apply", "--yes", request)
    assert answer.code == 15, answer
    assert f"used by run {run.run}" in answer.err
    assert project.cutter("switch", "off").code == 0
    is_over(project, run.run)


def test_a_fresh_ledger_forgets_and_the_database_does_not(project: SwitchedProject) -> None:
    from cutter.app.accepting import read_request
    from cutter.app.run_scoping import memories
    from cutter.app.workspace import Choice, Workspace

    request = project.approved(project.production_run())
    run = project.apply(request)
    given = read_request(request)
    workspace = Workspace(Choice(str(project.folder / "inventory/here")))
    (memory,) = memories(workspace, given)
    assert memory.used_by(given.signed.request.nonce) == run
    assert memory.used_by("another") == ""


def test_a_lost_holder_ends_it_with_16_and_nothing_half_done(project: SwitchedProject) -> None:
    with paused(project) as run:
        project.sql("SELECT pg_terminate_backend(holder_pid, 5000) FROM cutter.kill_switch")
        assert not is_on(run)
        assert run.release() != 0
        assert run.outcomes()["cut"] == "blocked"
        assert "kill switch is off" in run.said.read_text()
    assert project.sql("SELECT count(*) FROM cutter.cut") == [(0,)]
    project.cutter("switch", "off")
    is_over(project, run.run)


def test_the_lease_ends_it_in_mid_run(project: SwitchedProject) -> None:
    with paused(project) as run:
        assert project.sql("SELECT lease - turned_on_at > '14 min' FROM cutter.kill_switch") == [(True,)]
        project.sql("UPDATE cutter.kill_switch SET lease = clock_timestamp()")
        assert not is_on(run)
        assert run.release() != 0
        assert run.outcomes()["cut"] == "blocked"
    assert project.sql("SELECT count(*) FROM cutter.cut") == [(0,)]
    project.cutter("switch", "off")
    is_over(project, run.run)


def test_anybody_may_turn_it_off_and_the_run_fails_at_its_next_statement(project: SwitchedProject) -> None:
    with paused(project) as run:
        answer = project.cutter("switch", "status")
        assert answer.code == 0
        assert f"governed: ON for run {run.run} until" in answer.out
        answer = project.cutter("switch", "off", run.run)
        assert answer.code == 0, answer
        assert f"turned off for run {run.run}" in answer.out
        assert project.cutter("switch", "status").out == "governed: off\n"
        assert run.release() != 0
        evidence = [body for body in project.entries("evidence") if body["run"] == run.run]
        assert [body["refusal"] for body in evidence if body["step"] == "cut"] == [16]
    assert project.turns() == [(run.run, "on"), (run.run, "off")]
    (by,) = project.sql(
        "SELECT body::json ->> 'by' FROM cutter.governance_record WHERE kind = 'switch' OFFSET 1"
    )
    assert by == ("cutter_reader_login",)


def test_a_second_run_never_sees_it_on(project: SwitchedProject) -> None:
    project.inventory("there")
    databases = project.folder / "inventory/here/databases.yml"
    (project.folder / "inventory/there/databases.yml").write_text(databases.read_text())
    own = project.governed(LEGS, "own")
    with paused(project) as run:
        answer = project.cutter("apply", "--yes", own, environment="there")
        assert answer.code != 0
        assert "kill switch is off for run" in answer.out + answer.err
        assert project.sql("SELECT count(*) FROM cutter.cut") == [(0,)]
        assert run.release() == 0
    is_over(project, run.run)


def test_compensation_comes_before_it_goes_off(project: SwitchedProject) -> None:
    fails = project.sql_step("SELECT 1 / 0", "SELECT false", name="Fails")
    switch = SWITCH.replace("off_after: enact", "off_after: fails")
    steps = project.before + LEGS + fails
    runbook = project.production_run(steps, switch=switch, head="on_failure: revert\n")
    run = project.apply(project.approved(runbook), expect=11)
    kinds = project.sql("SELECT kind FROM cutter.governance_record ORDER BY seq")
    assert [kind for (kind,) in kinds][-1] == "switch"
    assert ("compensation",) in kinds
    assert project.sql("SELECT count(*) FROM cutter.information_unit") == [(0,)]
    is_over(project, run)
