"""The last look is a look: what is otherwise than declared is found, whoever did it; it changes nothing."""

from __future__ import annotations

import json

import pytest
from postgres import superuser
from project import steps_of
from switched import LEGS, SwitchedProject

FILES = "source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml"
DAY = "2026-07-01"
WITHOUT_TRIGGERS = "SET session_replication_role = replica"
UNIT = "UPDATE cutter.information_unit SET body = body || ' ' WHERE unit_ref = 'art_4'"
RECORD = "UPDATE cutter.governance_record SET body = '{}' WHERE kind = 'verify'"
STATE = "UPDATE cutter.lifecycle SET state = 'revoked', effective = '[2026-07-01,2026-08-01)'"
GONE = "DELETE FROM cutter.governance_record WHERE kind = 'enact'"


def verification(day: str = DAY) -> str:
    return f'  - {{name: Verification, verification: {{{FILES}, effective_from: "{day}"}}}}\n'


def applied(project: SwitchedProject) -> str:
    path = project.production_run(project.before + LEGS + verification())
    project.apply(project.approved(path))
    return path


def drifted(project: SwitchedProject, path: str) -> list[str]:
    answer = project.cutter("verify", "--json", path)
    assert answer.code == 2, answer
    (step,) = (step for step in steps_of(json.loads(answer.out)) if step["step"] == "verification")
    assert step["outcome"] == "drifted"
    return list(step["keys"])


def test_what_was_cut_and_enacted_is_found(project: SwitchedProject) -> None:
    path = applied(project)
    (seen,) = (body["observed"] for body in project.entries("evidence") if body["type"] == "verification")
    assert seen["units"] == "9 units (1 preamble, 4 article, 4 paragraph)"
    assert (seen["state"], seen["effective_from"], seen["effective_until"]) == ("enacted", DAY, None)
    assert (seen["governance"], seen["recorded"]) == ("unbroken", "cut, verify, enact")
    assert seen["switch"] == "off"
    assert project.cutter("verify", path).code == 0


@pytest.mark.parametrize(
    ("done", "differing"),
    [
        (UNIT, ["root"]),
        (RECORD, ["governance"]),
        (GONE, ["governance", "recorded"]),
        (STATE, ["effective_until", "state"]),
    ],
    ids=["a row", "a record", "a record is gone", "the state"],
)
def test_what_somebody_altered_is_named(project: SwitchedProject, done: str, differing: list[str]) -> None:
    path = applied(project)
    with superuser(project.server, project.dbname) as connection:
        connection.execute(WITHOUT_TRIGGERS)
        connection.execute(done.encode())
    assert drifted(project, path) == differing


def test_a_switch_that_is_on_is_named(project: SwitchedProject) -> None:
    path = applied(project)
    with project.held_on("another-run"):
        assert drifted(project, path) == ["switch"]
    assert project.cutter("verify", path).code == 0


def test_a_run_that_did_something_else_fails_there(project: SwitchedProject) -> None:
    path = project.production_run(project.before + LEGS + verification("2026-07-02"))
    answer = project.cutter("apply", "--yes", project.approved(path))
    assert answer.code == 12, answer
    assert "effective_from is 2026-07-01" in answer.out
    assert project.switch() == []
