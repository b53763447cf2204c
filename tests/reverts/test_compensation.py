"""`on_failure: revert`: back to the world before the run, or a halt that a person has to end."""

from __future__ import annotations

import os

import pytest
from laws import snapshot
from project import Project, in_child

HEAD = "on_failure: revert\n"
STEPS = """\
  - {name: Room, directory: {path: "{{ world }}/room", mode: "0750"}}
  - {name: File, file: {path: "{{ world }}/file", content: new, mode: "0600"}}
  - {name: Env, env_file: {path: "{{ world }}/.env", set: {A: "2"}}}
  - {name: Env again, env_file: {path: "{{ world }}/.env", set: {B: "2"}}}
"""
FAILS = (
    '  - {name: Fails, file: {path: "{{ world }}/fails", content: x, validate: ["false", "{candidate}"]}}\n'
)
TRAP = """\
  - name: Trap
    irreversible: it is the point of the test
    command: {argv: [touch, "{{ world }}/room/trap"], check: [test, -e, "{{ world }}/room/trap"]}
"""
SKIPPED = '  - {name: Never, file: {path: "{{ world }}/never", content: x}}\n'


@pytest.fixture
def old(project: Project) -> Project:
    (project.world / "file").write_text("old")
    (project.world / "file").chmod(0o644)
    (project.world / ".env").write_text("A=1 # kept")
    return project


def test_a_failure_is_compensated_within_the_run(old: Project) -> None:
    before = snapshot(old.world, times=False)
    runbook = old.runbook(STEPS + FAILS + SKIPPED, head=HEAD)
    answer = old.cutter("apply", "--yes", runbook)
    assert answer.code == 11, answer
    assert snapshot(old.world, times=False) == before
    outcomes = [(item["step"], item["outcome"]) for item in old.entries("evidence")]
    assert outcomes[-4:] == [(name, "compensated") for name in ("env-again", "env", "file", "room")]
    assert "compensated" in answer.out
    assert old.entries("halt") == []
    assert old.entries("end")[-1]["exit_code"] == 11
    left = old.cutter("revert", "--yes", old.last_run())
    assert (left.code, "nothing to take back" in left.out) == (0, True)


def test_without_it_the_changes_stay_and_are_told(old: Project) -> None:
    answer = old.cutter("apply", "--yes", old.runbook(STEPS + FAILS + SKIPPED))
    assert answer.code == 12
    assert (old.world / "file").read_text() == "new"
    assert "skipped: 1 later step" in answer.out


def test_a_failed_first_step_leaves_nothing_to_take_back(old: Project) -> None:
    assert old.cutter("apply", "--yes", old.runbook(FAILS, head=HEAD)).code == 11
    assert old.entries("halt") == []


@pytest.fixture
def halted(old: Project) -> tuple[Project, str, str]:
    runbook = old.runbook(STEPS + TRAP + FAILS + SKIPPED, head=HEAD)
    answer = old.cutter("apply", "--yes", runbook)
    assert answer.code == 12, answer
    return old, runbook, answer.out


def test_a_compensation_that_fails_says_what_a_person_must_do(halted: tuple[Project, str, str]) -> None:
    project, runbook, told = halted
    by_hand = [line for line in told.splitlines() if line.startswith("by hand: ")]
    assert [line.split(": ")[1] for line in by_hand] == ["trap", "env-again", "env", "file", "room"]
    assert f"room: remove {project.world}/room, which the run made" in told
    assert f"file: put {project.world}/file back to content sha256:" in told
    assert "web1 is halted" in told
    last = told.splitlines()[-1]
    assert last.startswith("next: ")
    assert "cutter resolve " in last
    assert "cutter revert" not in last  # it would be refused
    answer = project.json("apply", "--yes", runbook)
    assert answer["error"]["code"] == 10


@pytest.mark.parametrize("verb", ["apply", "plan file", "revert"])
def test_nothing_runs_on_a_halted_target(verb: str, halted: tuple[Project, str, str]) -> None:
    project, _, _ = halted
    other = project.runbook(SKIPPED, name="other")
    words = [other]
    if verb == "plan file":
        assert project.cutter("plan", other, "-o", "a.plan").code == 0
        words = ["a.plan"]
    run = project.last_run()
    before = snapshot(project.world)
    if verb == "revert":
        answer = project.cutter("revert", "--yes", run)
    else:
        answer = project.cutter("apply", "--yes", *words)
    assert answer.code == 10, answer
    assert "web1: it is halted" in answer.err
    assert f"cutter resolve -i {project.folder}/inventory/here {run} --reason" in answer.err
    assert snapshot(project.world) == before


def test_looking_at_a_halted_target_is_allowed(halted: tuple[Project, str, str]) -> None:
    project, runbook, _ = halted
    assert project.cutter("plan", runbook).code == 0
    assert project.cutter("verify", runbook).code == 2


def test_a_person_ends_the_halt_with_a_reason(halted: tuple[Project, str, str]) -> None:
    project, runbook, _ = halted
    run = project.last_run()
    assert project.json("resolve")["halts"][0]["run"] == run
    assert project.cutter("resolve", run).code == 64
    assert project.cutter("resolve", run, "--reason", "  ").code == 64
    assert project.cutter("resolve", "20200101", "--reason", "x").code == 64
    assert project.cutter("apply", "--yes", runbook).code == 10
    assert project.cutter("resolve", run, "--reason", "put back by hand").code == 0
    assert project.entries("resolve")[0]["reason"] == "put back by hand"
    assert project.json("resolve")["halts"] == []
    (project.world / "room/trap").unlink()
    assert project.cutter("apply", "--yes", project.runbook(SKIPPED, name="other")).code == 0


def test_a_revert_that_fails_half_way_halts_too(old: Project) -> None:
    steps = """\
  - name: Stuck
    command:
      argv: [touch, "{{ world }}/stuck"]
      check: [test, -e, "{{ world }}/stuck"]
      undo: ["true"]
  - {name: Later, file: {path: "{{ world }}/later", content: x}}
"""
    run = old.apply(old.runbook(steps))
    answer = old.cutter("revert", "--yes", run)
    assert answer.code == 12, answer
    assert not (old.world / "later").exists()
    assert "by hand: stuck: take back what this command step did" in answer.out
    assert old.cutter("apply", "--yes", old.runbook(SKIPPED)).code == 10


def test_a_command_that_failed_is_not_said_to_have_changed_nothing(project: Project) -> None:
    steps = (
        "  - name: Half\n    irreversible: yes it is\n    command:\n"
        '      argv: [sh, -c, "touch {{ world }}/half; exit 3"]\n'
        '      check: [test, -e, "{{ world }}/done"]\n'
    )
    answer = project.cutter("apply", "--yes", project.runbook(steps))
    assert answer.code == 12, answer
    assert "the command ran and may have changed something" in answer.out


def test_a_step_left_where_nobody_can_look_is_unknown(project: Project) -> None:
    (project.world / "room").mkdir()
    steps = (
        '  - {name: First, file: {path: "{{ world }}/first", content: x}}\n'
        '  - name: Moves\n    file:\n      path: "{{ world }}/room/f"\n      content: x\n'
        f'      validate: [python3, {project.folder}/swap.py, "{{candidate}}"]\n'
    )
    project.write(
        "swap.py",
        "import os\n"
        f"os.rename({str(project.world / 'room')!r}, {str(project.folder / 'moved')!r})\n"
        f"os.symlink({str(project.folder / 'moved')!r}, {str(project.world / 'room')!r})\n"
        "raise SystemExit(1)\n",
    )
    answer = project.cutter("apply", "--yes", project.runbook(steps, head=HEAD))
    assert answer.code == 12, answer
    assert project.entries("evidence")[-2]["outcome"] == "unknown"
    assert "by hand: moves: see how the run left it" in answer.out
    assert not (project.world / "first").exists()
    assert project.json("resolve")["halts"][0]["target"] == "web1"


@pytest.mark.parametrize("point", range(4))
def test_a_compensation_that_is_killed_leaves_unknown_steps(
    point: int, old: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Die in the middle of a compensation, after `point` steps were taken back."""
    from cutter.engine import recording

    runbook = old.runbook(STEPS + FAILS, head=HEAD)
    assert old.cutter("plan", runbook).code == 0  # what it imports is there in the child
    taken_back: list[str] = []
    original = recording.Recording.evidence

    def die_after_some(self: recording.Recording, target: str, identity: str, evidence: object) -> None:
        if getattr(evidence, "outcome", None) == "compensated":
            if len(taken_back) == point:
                os._exit(9)
            taken_back.append("x")
        original(self, target, identity, evidence)  # type: ignore[arg-type]

    monkeypatch.setattr(recording.Recording, "evidence", die_after_some)
    assert in_child(lambda: old.cutter("apply", "--yes", runbook).code) == 9
    monkeypatch.undo()
    monkeypatch.chdir(old.folder)
    os.environ.pop("CUTTER_INVENTORY", None)
    unknown = {item["step"] for item in old.json("runs", "show", old.last_run())["unknown"]}
    assert unknown == set(["env-again", "env", "file", "room"][point:])
    fixed = old.runbook(STEPS)
    old.apply(fixed)
    assert old.cutter("verify", fixed).code == 0
