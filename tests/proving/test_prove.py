"""Proofs and rehearsals by the command line: what they say, what they leave, what they close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from governed_project import FILES, ROOMS, RUN, SCHEMA, STEPS
from project import gap_matrix, steps_of

from cutter.app import reverting

if TYPE_CHECKING:
    import pytest
    from governed_project import GovernedProject


def status(project: GovernedProject) -> str:
    return str(project.json("gaps")["gaps"][0]["status"])


def outcomes(answer: Any) -> list[str]:
    return [step["outcome"] for step in steps_of(answer)]


def test_a_proof_that_nothing_authorises_is_blocked(project: GovernedProject) -> None:
    path = project.governed(STEPS)
    project.apply(path, "--only", "reference-schema")
    answer = project.json("prove", path)
    assert answer["exit_code"] == 16
    assert outcomes(answer) == ["ok", "blocked", "skipped", "skipped"]


def test_a_proof_is_recorded_and_leaves_all_pending(
    project: GovernedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project.governed(STEPS)
    project.apply(path, "--only", "reference-schema")
    with project.switched_on(monkeypatch):
        answer = project.json("prove", path)
    assert outcomes(answer) == ["ok", "proved", "proved", "proved"]
    assert answer["exit_code"] == 0
    assert "residue: the sequence" in steps_of(answer)[1]["reason"]
    recorded = [entry["outcome"] for entry in project.entries("evidence")]
    assert recorded == ["changed", "ok", "proved", "proved", "proved"]
    assert project.json("plan", path)["plans"][0]["pending"] == 3


def test_a_proof_of_ordinary_steps_rehearses_a_gap_and_closes_none(
    project: GovernedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project.governed(STEPS)
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: [load, cut, enact]}"))
    project.apply(path, "--only", "reference-schema")
    with project.switched_on(monkeypatch):
        project.json("prove", path)
    assert status(project) == "PARTIAL"


def test_a_rehearsal_closes_what_it_was_declared_to_close(project: GovernedProject) -> None:
    steps = f"""\
  - name: Reference schema
    cut_schema: {{}}
  - name: Tried
    rehearsal: {{where: copy, steps: [{{document: {FILES}}}, {{cut: {FILES}}}]}}
"""
    path = project.governed(steps)
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: [tried]}"))
    project.apply(path)
    assert status(project) == "CLOSED"
    assert [step["outcome"] for step in steps_of(project.json("verify", path))] == ["ok", "ok"]
    edited = (
        ROOMS.joinpath("reading-room.md").read_text().replace("turns off the lamps", "turns the lamps off")
    )
    project.write("runbooks/documents/reading-room.md", edited)
    assert project.cutter("verify", path).code == 2
    assert status(project) == "OPEN"


def test_a_rehearsal_on_the_database_itself_is_blocked_by_the_switch(
    project: GovernedProject,
) -> None:
    path = project.governed(
        SCHEMA
        + f"""\
  - name: Tried
    rehearsal: {{steps: [{{document: {FILES}}}, {{cut: {FILES}}}]}}
"""
    )
    project.apply(path, expect=12)  # the schema was installed before
    project.apply(path, expect=16)
    assert project.entries("evidence")[-1]["outcome"] == "blocked"


def test_what_does_not_act_in_a_transaction_alone_is_unprovable(project: GovernedProject) -> None:
    answer = project.json("prove", project.governed(STEPS))
    assert outcomes(answer)[0] == "unprovable"
    assert answer["exit_code"] == 13


def test_a_step_of_a_host_is_unprovable(project: GovernedProject) -> None:
    path = project.runbook('  - name: Room\n    directory: {path: "{{ world }}/room"}\n', name="host")
    answer = project.json("prove", path)
    assert outcomes(answer) == ["unprovable"]
    assert answer["exit_code"] == 13
    assert not (project.world / "room").exists()


def test_a_run_is_applied_and_taken_back_while_the_switch_allows_it(
    project: GovernedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project.governed(STEPS)
    project.apply(path, "--only", "reference-schema")
    with project.switched_on(monkeypatch):
        assert project.cutter("apply", "--yes", path).code == 0
    assert project.json("verify", path)["exit_code"] == 0
    with monkeypatch.context() as patched:
        patched.setattr(reverting, "new_run_id", lambda: "20260101T000001Z-abcdef")
        assert project.cutter("revert", "--yes", RUN).code == 16
    assert project.json("verify", path)["exit_code"] == 0
    with project.switched_on(monkeypatch, "20260101T000002Z-abcdef"):
        answer = project.cutter("revert", "--yes", RUN)
    assert answer.code == 0, answer
    assert project.json("plan", path)["plans"][0]["pending"] == 3


def test_what_something_depends_on_is_not_taken_back(
    project: GovernedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project.governed(STEPS)
    project.apply(path, "--only", "reference-schema")
    with project.switched_on(monkeypatch):
        assert project.cutter("apply", "--yes", path).code == 0
    second = STEPS.replace("grammar.yml}", "grammar.yml, version: 2}").replace(
        'effective_from: "2026-07', 'version: 2, effective_from: "2026-09'
    )
    second = second.replace("version: 2}\n  - name: Cut", "version: 2, supersedes: 1}\n  - name: Cut")
    text = (ROOMS / "reading-room.md").read_text()
    project.write("runbooks/documents/reading-room.md", text.replace("lamps", "lights"))
    with project.switched_on(monkeypatch, "20260101T000003Z-abcdef"):
        later = project.cutter("apply", "--yes", project.governed(second, "later"))
    assert later.code == 0, later
    with project.switched_on(monkeypatch, "20260101T000004Z-abcdef"):
        answer = project.cutter("revert", "--yes", RUN)
    assert answer.code == 20
    assert "superseded" in answer.err
