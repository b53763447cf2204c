"""The thin thread: request, two signatures, a run that has the switch on for itself and off in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switched import SwitchedProject


def test_an_approved_run_has_the_switch_on_for_its_legs_alone(project: SwitchedProject) -> None:
    run = project.apply(project.approved(project.production_run()))
    outcomes = [body["outcome"] for body in project.entries("evidence") if body["run"] == run]
    assert outcomes == ["ok", "changed", "changed", "changed", "changed"]
    on, off = project.entries("switch")
    assert (on["turn"], on["run"], on["database"], on["lease"]) == ("on", run, "governed", "900s")
    assert on["signed_by"] == "SG_1: alice, SG_2: bob"
    assert on["request"] == project.entries("approval")[0]["request"]
    assert (off["turn"], off["run"], off["how"]) == ("off", run, "by the run")
    assert project.turns() == [(run, "on"), (run, "off")]
    assert project.switch() == []
    assert project.sql("SELECT run FROM cutter.approval_use") == [(run,)]
    assert project.sql("SELECT count(*) FROM cutter.information_unit")[0][0] > 0
    assert project.left_behind() == []
    assert project.sql("SELECT cutter.governance_fault()") == [(None,)]


def test_without_an_approved_request_nothing_is_begun(project: SwitchedProject) -> None:
    before = project.tables()
    answer = project.cutter("apply", "--yes", project.production_run())
    assert answer.code == 15, answer
    assert "only an approved request turns it on" in answer.err
    assert "cutter request FILE.plan" in answer.err
    assert project.tables() == before
