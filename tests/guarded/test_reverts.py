"""Taking back what was guarded is guarded too: where nobody gets in, it is as the run had left it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from guarded.breakable import Breakable, dies_when_begun, guards
from guarded.test_here import decided, here, left_in, state_of
from project import Project, in_child
from waiting import all_gone, noted, until

__all__ = ["here"]
SWITCH = """\
  - name: Switch
    confirm: {{within: {within}}}
    command:
      argv: [sh, -c, "cp {wanted} {config}; {read_anew}"]
      check: [sh, -c, "cmp -s {wanted} {config} && test {read} -nt {config}"]
      undo: [sh, -c, "cp {old} {config}; {read_anew}{more}"]
"""
STEPS = """\
  - {name: File, confirm: {within: 60s}, file: {path: "{{ world }}/f", content: "new\\n"}}
  - name: Other
    confirm: {within: 60s}
    command:
      argv: [touch, "{{ world }}/done"]
      check: [test, -e, "{{ world }}/done"]
      undo: [sh, -c, "rm {{ world }}/done; UNDO"]
"""


def reverted(project: Project, run: str, *, expect: int) -> str:
    """Revert a run, check the exit code, and return what was said."""
    answer = project.cutter("revert", "--yes", run)
    assert answer.code == expect, answer
    return answer.out


def outcomes(project: Project) -> dict[str, tuple[str, str]]:
    """Return the outcome of each step in the run that ended last, with how its guard ended."""
    run = project.entries("evidence")[-1]["run"]
    found = [entry for entry in project.entries("evidence") if entry["run"] == run]
    return {entry["step"]: (entry["outcome"], entry.get("guard", "")) for entry in found}


def applied(project: Project, undo: str, *, within: str = "60s") -> str:
    """Apply steps whose taking back does this as well, and return the run."""
    return project.apply(project.runbook(STEPS.replace("UNDO", undo).replace("60s", within)))


def is_as_the_run_left_it(project: Project) -> bool:
    """Tell whether nothing is taken back."""
    return (project.world / "f").read_text() == "new\n" and (project.world / "done").exists()


def is_as_before(project: Project) -> bool:
    """Tell whether all is taken back."""
    return (project.world / "f").read_text() == "old\n" and not (project.world / "done").exists()


def test_a_revert_is_confirmed_by_a_new_process(here: Project) -> None:
    run = applied(here, "true")
    plan = here.cutter("revert", "--no-input", run).out
    assert plan.count("guarded: confirmed within 60 s, or put back") == 2
    reverted(here, run, expect=0)
    assert is_as_before(here)
    assert outcomes(here) == dict.fromkeys(("file", "other"), ("compensated", "confirmed"))
    assert left_in(here) == ["kept"]
    assert here.json("runs")["unconfirmed"] == []


def test_a_revert_of_what_was_not_guarded_is_not(here: Project) -> None:
    steps = STEPS.replace("UNDO", "true").replace("{name: File, confirm: {within: 60s}", "{name: File")
    run = here.apply(here.runbook(steps.replace("    confirm: {within: 60s}\n", "")))
    assert "guarded" not in here.cutter("revert", "--no-input", run).out
    reverted(here, run, expect=0)
    assert set(outcomes(here).values()) == {("compensated", "")}


def test_a_revert_that_does_not_end_is_ended_in_time_and_undone(here: Project) -> None:
    run = applied(here, "echo $$ >> {{ world }}/pids; exec tail -f /dev/null", within="6s")
    said = reverted(here, run, expect=11)
    assert "so the target put it back to how it was before this revert" in said
    assert "then revert it again" in said
    assert f"taken back on web1, where what run {run} changed is still in place (run " in said
    assert "everything is as it was before" not in said
    assert is_as_the_run_left_it(here)
    assert noted(here.world / "pids")
    assert all_gone(here.world / "pids")
    assert outcomes(here) == {"other": ("failed", "taken back"), "file": ("skipped", "")}
    assert left_in(here) == ["kept"]


def test_where_one_step_cannot_be_taken_back_the_others_are_put_back(here: Project) -> None:
    file, *other = STEPS.replace("UNDO", "exit 3").splitlines(keepends=True)
    run = here.apply(here.runbook("".join([*other, file]).replace("rm {{ world }}/done; ", "")))
    said = reverted(here, run, expect=11)
    assert "ended with exit code 3" in said
    assert "a step beside it did not succeed" in said
    assert is_as_the_run_left_it(here)
    assert outcomes(here) == {"file": ("failed", "taken back"), "other": ("failed", "taken back")}
    assert here.json("revert", "--yes", run)["in_place"] == ["web1"]


@pytest.mark.parametrize("guard_dies", [False, True])
def test_a_revert_that_is_killed_is_undone_and_can_be_done_again(here: Project, guard_dies: bool) -> None:
    hangs = "[ -e {{ world }}/free ] || { touch {{ world }}/begun; exec tail -f /dev/null; }"
    run = applied(here, hangs)

    dies_when_begun(here, state_of(here), "revert", "--yes", run, with_its_guard=guard_dies)
    assert not (here.world / "done").exists()
    assert here.cutter("revert", "--yes", run).code == 19
    (left,) = here.json("runs")["unconfirmed"]
    assert (left["state"], left["steps"]) == ("armed", ["other", "file"])
    if not guard_dies:
        (guard,) = guards(state_of(here))
        os.kill(guard, signal.SIGTERM)
        until(lambda: decided(here))
        assert is_as_the_run_left_it(here)
    here.apply(here.runbook('  - {name: D, directory: {path: "{{ world }}/d"}}\n', name="other"))
    assert is_as_the_run_left_it(here)
    (here.world / "free").touch()
    reverted(here, run, expect=0)
    assert is_as_before(here)


def switching(breakable: Breakable, *, within: str = "60s", more: str = "") -> str:
    """Apply a step that switches sshd to another configuration; the old one then lets nobody in."""
    project = breakable.project
    wanted = project.write("wanted", f"{breakable.before}# another\n")
    old = project.write("old", breakable.before)
    anew = (
        f"kill -HUP {breakable.pid}; until [ {breakable.read} -nt {breakable.config} ]; do sleep 0.02; done"
    )
    about = {"wanted": wanted, "old": old, "config": breakable.config, "read": breakable.read}
    run = project.apply(project.runbook(SWITCH.format(**about, read_anew=anew, within=within, more=more)))
    old.write_text(breakable.before.replace("authorized_keys", "nobody"))
    return run


def is_switched(breakable: Breakable) -> bool:
    """Tell whether the configuration is the one of the run, was read, and lets us in."""
    read = breakable.read.stat().st_mtime_ns > breakable.config.stat().st_mtime_ns
    return breakable.config.read_text().endswith("# another\n") and read and breakable.lets_in()


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.slow
def test_a_revert_that_locks_out_is_undone_by_the_host(breakable: Breakable) -> None:
    project = breakable.project
    run = switching(breakable, within="15s")
    said = reverted(project, run, expect=11)
    assert "not confirmed within 15 s" in said
    assert is_switched(breakable)
    assert outcomes(project) == {"switch": ("failed", "taken back")}
    assert [name for name in breakable.armed() if not name.startswith("begun")] == []
    (project.folder / "old").write_text(breakable.before)
    reverted(project, run, expect=0)
    assert breakable.is_as_before()
    assert outcomes(project) == {"switch": ("compensated", "confirmed")}


def kill_guard(breakable: Breakable) -> None:
    """Kill the guard."""
    os.kill(guards(breakable.state)[0], signal.SIGKILL)


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize(("meanwhile", "within"), [(kill_guard, "15s"), (Breakable.end_guards, "60s")])
def test_whoever_is_killed_it_is_as_the_run_left_it(
    breakable: Breakable, meanwhile: Callable[[Breakable], None], within: str
) -> None:
    begun = breakable.project.world / "begun"
    waits = f"; touch {begun}; until [ -e {begun}.on ]; do sleep 0.02; done"
    run = switching(breakable, within=within, more=waits)

    def act() -> None:
        until(begun.exists)
        meanwhile(breakable)
        Path(f"{begun}.on").touch()

    killer = threading.Thread(target=act)
    killer.start()
    reverted(breakable.project, run, expect=11)
    killer.join()
    assert is_switched(breakable)


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.slow
def test_a_controller_that_is_killed_leaves_it_as_the_run_left_it(breakable: Breakable) -> None:
    begun = breakable.project.world / "begun"
    run = switching(breakable, more=f"; touch {begun}; exec tail -f /dev/null")

    def work() -> int:
        def kill() -> None:
            until(begun.exists)
            os.kill(os.getpid(), signal.SIGKILL)

        threading.Thread(target=kill).start()
        return breakable.project.cutter("revert", "--yes", run).code

    assert in_child(work) == -signal.SIGKILL
    breakable.end_guards()
    breakable.until_decided()
    assert is_switched(breakable)


def test_what_a_failed_run_takes_back_by_itself_is_guarded_too(here: Project) -> None:
    fails = "  - {name: Fails, command: {argv: ['false'], check: ['false'], undo: ['true']}}\n"
    steps = STEPS.replace("UNDO", "true") + fails
    here.apply(here.runbook(steps, head="on_failure: revert\n"), expect=11)
    assert is_as_before(here)
    assert outcomes(here) == {
        "file": ("compensated", "confirmed"),
        "other": ("compensated", "confirmed"),
        "fails": ("compensated", ""),
    }
    hangs = STEPS.replace("UNDO", "exec tail -f /dev/null").replace("60s", "3s") + fails
    here.apply(here.runbook(hangs, head="on_failure: revert\n"), expect=12)
    assert is_as_the_run_left_it(here)
    assert outcomes(here)["other"] == ("failed", "taken back")
