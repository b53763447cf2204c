"""Guarded steps on this machine: a fresh process confirms them; those of a run that dies are taken back."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from guarded.breakable import guards
from project import Project, in_child
from waiting import until

STEPS = """\
  - {name: File, confirm: {within: 60s}, file: {path: "{{ world }}/f", content: "new\\n", secret: SECRET}}
  - name: Notice
    confirm: {within: 60s}
    command:
      argv: [sh, -c, "cat {{ world }}/f > {{ world }}/read"]
      check: [cmp, "{{ world }}/f", "{{ world }}/read"]
      undo: ["true"]
  - {name: After, directory: {path: "{{ world }}/d"}}
"""
HANGS = """\
  - name: Hangs
    confirm: {within: 60s}
    command:
      argv: [sh, -c, "touch {{ world }}/begun; exec tail -f /dev/null"]
      check: [test, -e, "{{ world }}/never"]
      undo: [rm, -f, "{{ world }}/never"]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project of this machine, whose world has an old file that was read."""
    monkeypatch.setattr("cutter.hosts.confirming.SETTLING_SECONDS", 0.0)
    project = Project(tmp_path)
    for name in ("f", "read"):
        (project.world / name).write_text("old\n")
    return project


def state_of(project: Project) -> Path:
    """Return where this machine keeps what is armed."""
    return project.folder / "here" / "target"


def decided(project: Project) -> bool:
    """Tell whether nothing is armed any more."""
    return not [*state_of(project).glob("armed-*"), *state_of(project).glob("taking-*")]


@pytest.mark.parametrize("secret", ["false", "true"])
def test_what_is_confirmed_stays(here: Project, secret: str) -> None:
    site = here.runbook(STEPS.replace("SECRET", secret))
    here.apply(site)
    outcomes = [(entry["outcome"], entry.get("guard")) for entry in here.entries("evidence")]
    assert outcomes == [("changed", "confirmed"), ("changed", "confirmed"), ("changed", None)]
    assert (here.world / "read").read_text() == "new\n"
    assert [path.name for path in state_of(here).iterdir()] == ["kept"]
    assert here.cutter("verify", site).code == 0
    here.apply(site)


@pytest.mark.parametrize("secret", ["false", "true"])
def test_a_run_that_is_killed_has_its_steps_taken_back(here: Project, secret: str) -> None:
    """And what makes a change noticed is done once more, for what is noticed now is the old file."""
    site = here.runbook(
        STEPS.replace("SECRET", secret).replace("  - {name: After", f"{HANGS}  - {{name: After")
    )

    def die() -> int:
        def kill() -> None:
            until((here.world / "begun").exists)
            os.kill(os.getpid(), signal.SIGKILL)

        threading.Thread(target=kill).start()
        return here.cutter("apply", "--yes", site).code

    assert in_child(die) == -signal.SIGKILL
    assert (here.world / "read").read_text() == "new\n"
    assert here.cutter("plan", site).code == 19
    assert here.cutter("apply", "--yes", site).code == 19
    (guard,) = guards(state_of(here))
    os.kill(guard, signal.SIGTERM)
    until(lambda: decided(here))
    assert (here.world / "f").read_text() == "old\n"
    assert (here.world / "read").read_text() == "old\n"
    here.apply(here.runbook(STEPS.replace("SECRET", secret)))


def test_what_no_guard_took_back_the_next_run_takes_back_first(here: Project) -> None:
    site = here.runbook(
        STEPS.replace("SECRET", "true").replace("  - {name: After", f"{HANGS}  - {{name: After")
    )

    def die() -> int:
        def kill() -> None:
            until((here.world / "begun").exists)
            os.kill(guards(state_of(here))[0], signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

        threading.Thread(target=kill).start()
        return here.cutter("apply", "--yes", site).code

    assert in_child(die) == -signal.SIGKILL
    (armed,) = state_of(here).glob("armed-*")
    assert "new" not in armed.read_text()
    (here.world / "before").write_text((here.world / "f").read_text())
    answer = here.cutter(
        "apply", "--yes", here.runbook('  - {name: D, directory: {path: "{{ world }}/d"}}\n')
    )
    assert answer.code == 0, answer
    assert "was never confirmed there; file, notice, hangs was taken back" in answer.err
    assert (here.world / "before").read_text() == "new\n"
    assert (here.world / "f").read_text() == "old\n"
    assert (here.world / "read").read_text() == "old\n"
    taken = [entry for entry in here.entries("evidence") if entry["runbook"] == "guard"]
    assert [(entry["step"], entry["outcome"]) for entry in taken] == [
        ("file", "compensated"),
        ("notice", "compensated"),
        ("hangs", "compensated"),
    ]


def test_a_loop_is_one_group(here: Project) -> None:
    steps = """\
  - name: Files
    for_each: [a, b]
    confirm: {within: 60s}
    file: {path: "{{ world }}/{{ item.key }}", content: "x"}
"""
    here.apply(here.runbook(steps))
    assert [entry.get("guard") for entry in here.entries("evidence")] == ["confirmed", "confirmed"]


def test_what_is_as_declared_is_not_armed(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    site = here.runbook(STEPS.replace("SECRET", "false"))
    here.apply(site)
    (here.world / "d").rmdir()
    monkeypatch.setattr("cutter.agent.armed.create", None)  # whoever arms anything now fails
    here.apply(site)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("confirm: {within: 1s}", "at least 2s"),
        ("confirm: {within: 2h}", "at most 1h"),
        ("confirm: {within: 60}", "within"),
        ("confirm: {}", "within"),
        ("confirm: 60s", "confirm"),
        ("confirm: {within: 60s, after: [x]}", "after"),
        ("confirm: {within: 60s}\n    irreversible: so be it", "cannot go back by itself"),
    ],
)
def test_what_makes_no_sense_is_refused(here: Project, key: str, said: str) -> None:
    step = f'  - name: File\n    {key}\n    file: {{path: "{{{{ world }}}}/f", content: "x"}}\n'
    answer = here.cutter("validate", here.runbook(step))
    assert answer.code == 65, answer
    assert said in answer.out + answer.err
