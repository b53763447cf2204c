"""Several runbooks in one command: the next begins only when the one before has succeeded on every host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from project import Project

ROOM = '  - name: Room\n    directory: {path: "{{ world }}/%s-{{ inventory_hostname }}"}\n'
FILE = '  - name: File\n    env_file: {path: "{{ world }}/file-{{ inventory_hostname }}", set: {A: b}}\n'
IN_FILE = '{path: "{{ world }}/file-{{ inventory_hostname }}/inside"}'
INSIDE = f"  - {{name: Inside, hosts: db1, directory: {IN_FILE}}}\n"
NEVER = "preflight:\n  - {name: Never, hosts: web1, directory: {path: /nonexistent/never}}\n"
NOWHERE = "preflight:\n  - {name: Never, directory: {path: /nonexistent/never}}\n"
ONLY_WHEN = "and a runbook begins only when the one before has succeeded everywhere"


def three(project: Project, *, head: str = "", steps: str = ROOM % "b") -> list[str]:
    first = project.runbook(ROOM % "a", name="a")
    return [first, project.runbook(steps, name="b", head=head), project.runbook(ROOM % "c", name="c")]


def made(project: Project) -> set[str]:
    return {path.name[0] for path in project.world.iterdir() if path.is_dir()}


def told(project: Project, *words: str) -> Any:
    return json.loads(project.cutter("apply", "--yes", "--json", *words).out)


def test_all_are_applied_where_all_succeed(project: Project) -> None:
    body = told(project, *three(project))
    assert (body["exit_code"], body["not_begun"], len(body["runs"])) == (0, [], 3)
    assert made(project) == {"a", "b", "c"}
    assert "not begun" not in project.cutter("apply", "--yes", *three(project)).out


def test_one_host_is_enough_to_hold_the_next_back(project: Project) -> None:
    first, second, third = three(project, head=NEVER)
    answer = project.cutter("apply", "--yes", first, second, third)
    assert answer.code == 10, answer
    assert f"not begun: {third}: b ended with exit 10, {ONLY_WHEN}\n" in answer.out
    assert answer.out.splitlines()[-1].startswith("next: when b can succeed: cutter apply -i ")
    assert answer.out.splitlines()[-1].endswith(f"{second} {third}")
    assert made(project) == {"a", "b"}


def test_a_step_that_fails_holds_all_later_ones_back(project: Project) -> None:
    _, second, third = three(project, steps=FILE + INSIDE)
    words = ("--limit", "db*,!idle", second, third, third)
    body = told(project, *words)
    assert body["exit_code"] == body["runs"][0]["exit_code"] != 0
    reason = f"b ended with exit {body['exit_code']}, {ONLY_WHEN}"
    assert body["not_begun"] == [{"runbook": "c", "path": third, "reason": reason}] * 2
    assert "c" not in made(project)
    (project.world / "file-db1").unlink()
    assert f"--limit 'db*,!idle' {second} {third} {third}" in project.cutter("apply", "--yes", *words).out


@pytest.mark.parametrize("last", [False, True])
def test_what_was_done_before_a_refusal_is_told_with_it(last: bool, project: Project) -> None:
    runbooks = three(project, head=NOWHERE)[: 2 if last else 3]
    answer = project.cutter("apply", "--yes", *runbooks)
    assert answer.code == 10, answer
    assert ("not begun" in answer.out) is not last
    assert "it changed nothing; what was done before it stays: a (run " in answer.err
    assert "nothing was changed" not in answer.err
    for room in project.world.iterdir():
        room.rmdir()
    body = told(project, *runbooks)
    assert [run["runbook"] for run in body["runs"]] == ["a"]
    assert (body["exit_code"], body["error"]["code"], len(body["not_begun"])) == (10, 10, not last)


def test_a_refusal_alone_is_a_complaint_alone(project: Project) -> None:
    body = told(project, three(project, head=NOWHERE)[1])
    assert (body["error"]["world"], "runs" in body) == ("nothing was changed", False)
    assert made(project) == set()


def test_of_a_plan_file_nothing_else_can_be_typed(project: Project) -> None:
    _, second, third = three(project, steps=FILE + INSIDE)
    assert project.cutter("plan", second, third, "-o", "kept.plan").code == 0
    answer = project.cutter("apply", "--yes", "kept.plan")
    assert (answer.code, f"not begun: {third}: " in answer.out) == (12, True)
    assert "next: when" not in answer.out
