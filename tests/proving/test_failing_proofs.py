"""A proof that does not end well: which step says what, with which exit code, and that nothing stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from governed_project import SCHEMA, STEPS
from project import gap_matrix, steps_of

from cutter.resources.controller import enact

if TYPE_CHECKING:
    from governed_project import GovernedProject

FAILS = "CREATE TEMPORARY TABLE t (id int); SELECT 1 / 0"
MADE = "CREATE TEMPORARY TABLE made (id int)"
IS_MADE = "SELECT to_regclass('pg_temp.made') IS NOT NULL"


def told(answer: Any) -> list[tuple[str, str]]:
    return [(step["outcome"], step.get("reason", "")) for step in steps_of(answer)]


def test_a_step_that_fails_by_itself_says_so(project: GovernedProject) -> None:
    path = project.installed(
        project.sql_step(MADE, IS_MADE, name="First")
        + project.sql_step(FAILS)
        + project.sql_step(MADE, IS_MADE, name="Last")
    )
    before = project.tables()
    answer = project.json("prove", path)
    assert told(answer) == [
        ("skipped", "the proof ended at own"),
        ("failed", "own.do.sql: the database refused (22012): division by zero"),
        ("skipped", "the proof ended at own"),
    ]
    assert answer["exit_code"] == 13
    assert project.tables() == before
    assert project.entries("end")[-1]["exit_code"] == 13


def test_a_fresh_look_that_disagrees_is_a_failure(project: GovernedProject) -> None:
    answer = project.json("prove", project.installed(project.sql_step("SELECT 1")))
    assert told(answer) == [("failed", "a fresh look still differs in statements")]


def test_what_something_is_in_the_way_of_is_blocked_with_its_cause_and_next_command(
    project: GovernedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project.installed()
    with project.switched_on(monkeypatch):
        project.apply(path)
    edited = project.folder / "runbooks/documents/reading-room.md"
    edited.write_text(edited.read_text().replace("turns off the lamps", "turns the lamps off"))
    answer = project.json("prove", path, "--only", "load")
    assert answer["exit_code"] == 10
    (step,) = steps_of(answer)
    assert step["outcome"] == "blocked"
    assert "there with another text" in step["reason"]
    assert "a version of its own" in step["remedy"]


@pytest.mark.parametrize(
    ("way_out", "outcome"),
    [
        ("COMMIT", "breached"),
        ("SELECT 1; ROLLBACK; SELECT 2", "breached"),
        ("PREPARE TRANSACTION 'x'", "breached"),
        ("DO $$ BEGIN COMMIT; END $$", "breached"),
        ("SET CONSTRAINTS ALL IMMEDIATE", "unprovable"),
        ("VACUUM", "unprovable"),
    ],
)
def test_a_way_out_is_no_failure(way_out: str, outcome: str, project: GovernedProject) -> None:
    path = project.installed(project.sql_step(way_out))
    before = project.tables()
    answer = project.json("prove", path)
    assert [step["outcome"] for step in steps_of(answer)] == [outcome]
    assert answer["exit_code"] == 13
    assert project.tables() == before


def test_what_runs_as_the_owner_cannot_be_proved(project: GovernedProject) -> None:
    path = project.installed(project.sql_step("CREATE TABLE public.made (id int)", login="OWNER"))
    assert "runs as OWNER" in project.cutter("plan", path).out
    answer = project.json("prove", path)
    assert told(answer)[0][0] == "unprovable"
    assert "OWNER" in told(answer)[0][1]
    assert "made" not in "".join(project.tables())


def test_a_bug_in_a_step_is_that_steps_failure(
    project: GovernedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    path = project.installed()
    monkeypatch.setattr(enact.Enact, "desired", broken)
    before = project.tables()
    with project.switched_on(monkeypatch):
        answer = project.json("prove", path, "--only", "load", "--only", "cut", "--only", "enact")
    assert [step["outcome"] for step in steps_of(answer)] == ["skipped", "skipped", "failed"]
    assert "internal error in enact: ZeroDivisionError" in told(answer)[-1][1]
    assert {**project.tables(), "left": []} == before


def test_steps_that_are_only_looked_at_are_said_to_be(project: GovernedProject) -> None:
    path = project.runbook('  - name: Room\n    directory: {path: "{{ world }}/room"}\n', name="host")
    answer = project.cutter("prove", path)
    assert answer.code == 13
    assert "only looked at, and it is not as declared" in answer.out
    assert "a step of type directory" in answer.out
    project.apply(path)
    assert project.cutter("prove", path).code == 0


def test_the_schema_is_only_looked_at_too(project: GovernedProject) -> None:
    answer = project.json("prove", project.governed(STEPS))
    assert steps_of(answer)[0]["reason"].startswith("only looked at")
    assert project.json("prove", project.installed(SCHEMA))["exit_code"] == 0


def test_nothing_is_proved_on_a_target_that_waits_for_a_person(project: GovernedProject) -> None:
    path = project.installed()
    from cutter.ledger.sqlite import SqliteLedger

    run = project.last_run()
    with SqliteLedger.open(str(project.ledger_folder), create=False, environment="here") as ledger:
        common = {"run": run, "environment": "here", "runbook": "schema"}
        ledger.append([("halt", {**common, "target": "governed", "manual": ["look at it"]})])
    answer = project.cutter("prove", path)
    assert answer.code == 10
    assert "cutter resolve" in answer.err
    assert project.entries("refusal")[-1]["exit_code"] == 10


def test_a_failed_proof_takes_the_rehearsal_back(project: GovernedProject) -> None:
    path = project.installed(project.sql_step(MADE, IS_MADE))
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    assert project.json("prove", path)["exit_code"] == 0
    assert project.json("gaps")["gaps"][0]["status"] == "PARTIAL"
    assert "not done" in project.cutter("gaps").out
    project.sql("REVOKE EXECUTE ON FUNCTION cutter_proof.run FROM cutter_rehearsal_login")
    assert project.json("prove", path)["exit_code"] == 13
    assert project.json("gaps")["gaps"][0]["status"] == "OPEN"
