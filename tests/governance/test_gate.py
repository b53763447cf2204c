"""A gate goes by evidence and by a fresh look, and of its own runbook only by its own run."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governed_project import FILES
from project import gap_matrix, steps_of
from switched import CUT, ENACT, LOAD, SwitchedProject

from cutter.app import applying

if TYPE_CHECKING:
    import pytest

OUTER = '  - {name: Room, directory: {path: "{{ world }}/room", mode: "0750"}}\n'
REHEARSAL = f"""\
  - name: Rehearsal
    rehearsal: {{steps: [{{document: {FILES}}}, {{cut: {FILES}}}]}}
"""
GATE = "  - {name: Gate, gate: {}}\n"
SWITCH = "kill_switch: {on_before: rehearsal, off_after: enact, lease: 15m}\n"
OUTSIDE = "preflight:\n  - {name: Elsewhere, gate: {scope: outside}}\n"
LEGS = LOAD + CUT + ENACT
OBJECTIVES = ("{runbook: outer.yml, steps: all}", "{runbook: site.yml, steps: [backup, rehearsal]}")


def prepared(project: SwitchedProject, *objectives: str, preflight: bool = True, gate: str = GATE) -> str:
    """Write the matrix and both runbooks, and return the path of the run's."""
    project.write("runbooks/gap-matrix.yml", gap_matrix(*(objectives or OBJECTIVES)))
    project.runbook(OUTER, name="outer")
    steps = project.before + REHEARSAL + gate + LEGS
    return project.production_run(steps, switch=SWITCH, head=OUTSIDE if preflight else "")


def outer(project: SwitchedProject) -> str:
    return str(project.folder / "runbooks/outer.yml")


def units(project: SwitchedProject) -> int:
    return int(project.sql("SELECT count(*) FROM cutter.information_unit")[0][0])


def refused(project: SwitchedProject, request: str, *told: str) -> str:
    answer = project.cutter("apply", "--yes", request)
    assert answer.code == 17, answer
    for words in told:
        assert words in answer.out + answer.err
    assert units(project) == 0
    assert project.switch() == []
    return answer.out


def outcomes(project: SwitchedProject) -> dict[str, str]:
    run = project.json("runs")["runs"][0]["run"]
    return {body["step"]: body["outcome"] for body in project.entries("evidence") if body["run"] == run}


def test_a_run_whose_gaps_are_closed_goes_on(project: SwitchedProject) -> None:
    path = prepared(project)
    project.apply(outer(project))
    project.apply(project.approved(path))
    assert outcomes(project)["gate"] == "changed"
    (gate,) = (body for body in project.entries("evidence") if body["type"] == "gate")
    assert (gate["observed"]["verdict"], gate["observed"]["gaps"]) == ("closed", "G1")
    assert units(project) > 0
    verified = steps_of(project.json("verify", path))
    assert {step["outcome"] for step in verified} == {"ok"}


def test_what_is_open_elsewhere_is_said_before_the_approval_is_spent(project: SwitchedProject) -> None:
    path = prepared(project)
    answer = project.cutter("plan", path)
    assert answer.code == 17, answer
    told = (
        "G1: apply",
        "no evidence yet",
        f"cutter apply -i {project.folder}/inventory/here {outer(project)}",
    )
    assert all(words in answer.err for words in told)
    project.apply(outer(project))
    request = project.approved(path)
    (project.world / "room").chmod(0o700)
    refused(project, request, "a fresh look at", "room on web1", "0700")
    assert project.entries("approval") == []
    (project.world / "room").chmod(0o750)
    project.apply(request)
    assert units(project) > 0


def test_inside_the_run_what_is_open_ends_it(project: SwitchedProject) -> None:
    out = refused(project, project.approved(prepared(project, preflight=False)), "not closed: G1")
    found = outcomes(project)
    assert (found["backup"], found["rehearsal"], found["gate"]) == ("changed", "changed", "blocked")
    assert {found[step] for step in ("load", "cut", "enact")} == {"skipped"}
    assert "exit 17" in out
    assert [turn for _, turn in project.turns()] == ["on", "off"]


def test_evidence_alone_does_not_close(project: SwitchedProject) -> None:
    request = project.approved(prepared(project, preflight=False))
    project.apply(outer(project))
    (project.world / "room").chmod(0o700)
    assert project.json("gaps")["gaps"][0]["objectives"][0]["holds"], "the ledger still says so"
    refused(project, request, "a fresh look at", "room on web1", "0700")


def test_of_its_own_runbook_an_earlier_run_does_not_count(project: SwitchedProject) -> None:
    late = project.sql_step("SELECT 1", "SELECT true", name="Late")
    objective = "{runbook: site.yml, steps: [late]}"
    project.write("runbooks/gap-matrix.yml", gap_matrix(objective))
    project.apply(project.governed(late))
    assert project.json("gaps")["gaps"][0]["status"] == "CLOSED"
    steps = project.before + REHEARSAL + GATE + LEGS + late
    path = project.production_run(steps, switch=SWITCH)
    assert project.json("gaps")["gaps"][0]["status"] == "CLOSED"
    refused(project, project.approved(path), "G1: apply", "late on governed")


def test_a_gate_without_a_matrix_says_no(project: SwitchedProject) -> None:
    path = prepared(project)
    Path(project.folder / "runbooks/gap-matrix.yml").unlink()
    answer = project.cutter("preflight", path)
    assert answer.code == 17, answer
    project.write("runbooks/gap-matrix.yml", gap_matrix("").replace('"yes"', '"no"'))
    assert project.cutter("preflight", path).code == 17


def test_a_gate_goes_by_no_ledger_that_was_altered(project: SwitchedProject) -> None:
    path = prepared(project)
    project.apply(outer(project))
    assert project.cutter("preflight", path).code == 0
    with sqlite3.connect(project.ledger_folder / "ledger.db") as ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f"DROP TRIGGER {name}")
        ledger.execute("UPDATE entry SET body = replace(body, 'changed', 'ok') WHERE kind = 'evidence'")
    answer = project.cutter("preflight", path)
    assert answer.code == 18, answer


def test_a_matrix_that_is_edited_after_the_approval_says_no(
    project: SwitchedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = prepared(project, preflight=False)
    own, more = (gap_matrix(objective, name=f"G{n}") for n, objective in enumerate(reversed(OBJECTIVES)))
    matrix = project.write("runbooks/gap-matrix.yml", own + more.partition("gaps:\n")[2])
    request, accepted = project.approved(path), applying.WritingSession._use

    def edited(*given: Any) -> None:
        accepted(*given)
        first, second, last = matrix.read_text().rpartition("blocks_first_production_run:")
        matrix.write_text(first + second + last.replace("yes", "no", 1))

    monkeypatch.setattr(applying.WritingSession, "_use", edited)
    refused(project, request, "the gap matrix is another than the one that was approved")
