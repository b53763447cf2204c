"""Guarded steps on this machine: a fresh process confirms them; those of a run that dies are taken back."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import FrameType

import pytest
from guarded.breakable import guards
from project import Project, in_child
from waiting import all_gone, noted, until

from cutter.app.interrupts import Requests
from cutter.hosts.ssh import SshTarget

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


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each signal is added that was heard."""
    heard: list[int] = []
    note = Requests.note

    def noted_too(requests: Requests, number: int, frame: FrameType | None) -> None:
        heard.append(number)
        note(requests, number, frame)

    monkeypatch.setattr(Requests, "note", noted_too)
    return heard


def state_of(project: Project) -> Path:
    """Return where this machine keeps what is armed."""
    return project.folder / "here" / "target"


def decided(project: Project) -> bool:
    """Tell whether nothing is armed any more."""
    return not [*state_of(project).glob("armed-*"), *state_of(project).glob("taking-*")]


def left_in(project: Project) -> list[str]:
    """Return what this machine keeps, but for the file that is locked, of which there is one."""
    return [path.name for path in state_of(project).iterdir() if path.name != "run.lock"]


@pytest.mark.parametrize("secret", ["false", "true"])
def test_what_is_confirmed_stays(here: Project, secret: str) -> None:
    site = here.runbook(STEPS.replace("SECRET", secret))
    here.apply(site)
    outcomes = [(entry["outcome"], entry.get("guard")) for entry in here.entries("evidence")]
    assert outcomes == [("changed", "confirmed"), ("changed", "confirmed"), ("changed", None)]
    assert (here.world / "read").read_text() == "new\n"
    assert left_in(here) == ["kept"]
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


def test_a_step_that_does_not_end_is_ended_in_time(here: Project) -> None:
    """Long before its own timeout; and nothing of it goes on."""
    hangs = HANGS.replace("touch {{ world }}/begun", "echo $$ > {{ world }}/begun")
    steps = STEPS.replace("SECRET", "false")
    site = here.runbook(steps.replace("  - {name: After", f"{hangs}  - {{name: After").replace("60s", "6s"))
    answer = here.cutter("apply", "--yes", site)
    assert answer.code == 11, answer
    assert "not confirmed within 6 s, so the target took it back" in answer.out
    assert (here.world / "f").read_text() == "old\n"
    assert (here.world / "read").read_text() == "old\n"
    assert not (here.world / "d").exists()
    assert noted(here.world / "begun")
    assert all_gone(here.world / "begun")
    assert left_in(here) == ["kept"]
    outcomes = [(entry["step"], entry["outcome"]) for entry in here.entries("evidence")]
    back = [(step, "compensated") for step in ("file", "notice", "hangs")]
    assert outcomes == [*back, ("after", "skipped")]
    here.apply(here.runbook(steps))


def test_the_first_signal_lets_nothing_else_begin(
    here: Project, signals: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = """\
  - name: Slow
    command:
      argv: [sh, -c, "touch {{ world }}/begun; until [ -e {{ world }}/go ]; do sleep 0.02; done"]
      check: [test, -e, "{{ world }}/go"]
      undo: ["true"]
"""
    site = here.runbook(slow + STEPS.replace("SECRET", "false"))
    halted: list[bool] = []
    halt = SshTarget.halt

    def noted_halt(target: SshTarget, *, at_once: bool) -> None:
        halt(target, at_once=at_once)
        halted.append(at_once)
        if len(halted) > 1:  # what was said the first time has been heard by then
            (here.world / "go").touch()

    monkeypatch.setattr(SshTarget, "halt", noted_halt)
    signaller = threading.Thread(target=send, args=[here, signals, 1])
    signaller.start()
    assert here.cutter("apply", "--yes", site).code == 21
    signaller.join()
    outcomes = [(entry["step"], entry["outcome"]) for entry in here.entries("evidence")]
    assert outcomes == [("slow", "changed"), *((step, "skipped") for step in ("file", "notice", "after"))]
    assert left_in(here) == []


def test_the_second_signal_ends_all_that_is_under_way(here: Project, signals: list[int]) -> None:
    hangs = HANGS.replace("touch {{ world }}/begun", "echo $$ > {{ world }}/begun")
    steps = STEPS.replace("SECRET", "false")
    site = here.runbook(steps.replace("  - {name: After", f"{hangs}  - {{name: After"))
    signaller = threading.Thread(target=send, args=[here, signals, 2])
    signaller.start()
    answer = here.cutter("apply", "--yes", site)
    signaller.join()
    assert answer.code == 21, answer
    until(lambda: all_gone(here.world / "begun"))
    (guard,) = guards(state_of(here))
    os.kill(guard, signal.SIGTERM)
    until(lambda: decided(here))
    assert (here.world / "f").read_text() == "old\n"
    assert (here.world / "read").read_text() == "old\n"
    here.apply(here.runbook(steps))


def send(project: Project, heard: list[int], times: int) -> None:
    """Send ourselves signals once a step is under way, one after the other."""
    until((project.world / "begun").exists)
    for number in range(times):
        until(lambda: len(heard) >= number)  # noqa: B023 - it is called at once; two signals in a row are one
        os.kill(os.getpid(), signal.SIGINT)


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
    monkeypatch.setattr("cutter.hosts.confirming._group", None)  # whoever hears that anything is armed fails
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
