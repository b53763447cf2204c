"""What is left of a guard is told by `runs` and `doctor`: how it stands, of which run, and what to do."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from guarded.breakable import command, dies_when_begun, guards
from guarded.test_here import HANGS, STEPS, here, state_of
from guarded.test_killed import HANGS as HANGS_THERE
from guarded.test_killed import NEVER, kill_guards, kill_run
from guarded.test_stuck import FILE, left_by_a_guard
from project import Project, as_nobody
from waiting import until

from cutter.app.unconfirmed import unconfirmed_here
from cutter.errors import PermissionRefused
from cutter.model.runs import RunRecord
from cutter.model.unconfirmed import fold_unconfirmed

if TYPE_CHECKING:
    from guarded.breakable import Breakable

__all__ = ["here"]


def left(project: Project, *words: str) -> list[Any]:
    """Return what `runs` says is left."""
    found: list[Any] = project.json("runs", *words)["unconfirmed"]
    return found


def guarded_changes(project: Project) -> Any:
    """Return what `doctor` says of it."""
    (check,) = [each for each in project.json("doctor")["checks"] if each["name"] == "guarded changes"]
    return check


def dies(project: Project, *, with_its_guard: bool) -> str:
    """Kill a run in the middle of its guarded steps, and return its id."""
    site = project.runbook(STEPS.replace("SECRET", "false").replace("  - {name: A", f"{HANGS}  - {{name: A"))
    dies_when_begun(project, state_of(project), "apply", "--yes", site, with_its_guard=with_its_guard)
    return project.last_run()


def test_nothing_is_told_where_all_is_confirmed(here: Project) -> None:
    run = here.apply(here.runbook(STEPS.replace("SECRET", "false")))
    assert left(here) == left(here, "show", run) == []
    assert guarded_changes(here)["status"] == "ok"


def test_what_is_armed_is_told_and_then_no_more(here: Project) -> None:
    run = dies(here, with_its_guard=False)
    (guard,) = guards(state_of(here))
    (told,) = left(here)
    assert (told["run"], told["state"], told["target"]) == (run, "armed", "web1")
    assert told["steps"] == ["file", "notice", "hangs"]
    assert "neither confirmed nor taken back" in told["cause"]
    assert told["remedy"].startswith("wait ")
    assert left(here, "show", run) == [told]
    check = guarded_changes(here)
    assert check["status"] == "warn"
    assert f"run {run} is neither confirmed nor taken back (armed: file, notice, hangs)" in check["seen"]
    os.kill(guard, signal.SIGTERM)
    until(lambda: not left(here))
    assert guarded_changes(here)["status"] == "ok"


def test_what_is_overdue_says_who_takes_it_back(here: Project) -> None:
    run = dies(here, with_its_guard=True)
    (path,) = state_of(here).glob("armed-*")
    path.write_text(path.read_text().replace('"boot": "', '"boot": "another ', 1))
    said = here.cutter("runs").out.splitlines()[-1]
    assert said.startswith("  armed    file, notice, hangs  [web1]")
    assert said.endswith("apply a runbook there: what is overdue is taken back first")
    assert guarded_changes(here)["fix"] in said
    here.apply(here.runbook(FILE))
    assert left(here) == left(here, "show", run) == []


def test_what_is_stuck_fails_the_doctor_and_names_its_file(here: Project) -> None:
    left_by_a_guard(here)
    (path,) = state_of(here).glob("stuck-*")
    (told,) = left(here, "show", here.last_run())
    assert (told["state"], told["place"]) == ("stuck", str(path))
    assert f"to leave it as it is, remove {path}" in here.cutter("runs", "show", told["run"]).out
    answer = here.cutter("doctor")
    assert answer.code == 78, answer
    assert "never confirmed, and could not be taken back (stuck: file, hangs)" in answer.out
    path.unlink()
    assert left(here) == []
    assert here.cutter("doctor").code == 0


@pytest.mark.root
def test_what_cannot_be_seen_is_not_called_nothing() -> None:
    def look() -> int:
        with pytest.raises(PermissionRefused):
            unconfirmed_here(str(shut))
        return 0

    shut = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        shut.chmod(0)
        assert as_nobody(look) == 0
    finally:
        shut.rmdir()


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.slow
def test_of_another_host_the_ledger_tells_and_nobody_connects(
    breakable: Breakable, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = breakable.project
    killer = threading.Thread(target=kill_guards, args=[breakable])
    killer.start()
    more = command(HANGS_THERE, NEVER)
    kill_run(breakable, breakable.runbook(f"{breakable.before}\n", within="1h", more=more))
    killer.join()
    with monkeypatch.context() as patch:
        patch.setenv("CUTTER_SSH", "/nonexistent")
        there = [each for each in left(project) if each["target"] == "web1"]
        assert [(each["state"], each["steps"]) for each in there] == [
            ("unknown", ["config", "reload", "more"])
        ]
    assert project.cutter("apply", "--yes", breakable.runbook(breakable.before)).code == 0
    assert left(project) == []


def run_of(name: str, *bodies: tuple[str, str, str], confirm: int = 60) -> RunRecord:
    """Return a run that was to do guarded steps on t, with evidence: step, outcome, guard."""
    run = RunRecord({"run": name, "verb": "apply", "runbook": "site"}, "", "")
    run.open = {("t", step): {"step": step, "confirm": confirm} for step in ("a", "b")}
    for step, outcome, guard in bodies:
        run.evidence.append({"target": "t", "step": step, "outcome": outcome, "guard": guard})
        if outcome != "unknown":
            run.open.pop(("t", step))
    return run


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([run_of("r1")], [("r1", "unknown", ("a", "b"))]),
        ([run_of("r1", confirm=0)], []),
        ([run_of("r1", ("a", "unknown", "armed"), ("b", "skipped", ""))], [("r1", "unknown", ("a",))]),
        (
            [run_of("r1", ("a", "failed", "armed"), ("b", "compensated", "taken back"))],
            [("r1", "stuck", ("a",))],
        ),
        ([run_of("r1", ("a", "changed", "confirmed"), ("b", "changed", "confirmed"))], []),
        ([run_of("r1"), run_of("r2", ("a", "ok", ""), ("b", "ok", ""))], []),
        (
            [run_of("r1"), run_of("r2", ("a", "unobservable", ""), ("b", "blocked", ""))],
            [("r1", "unknown", ("a", "b"))],
        ),
    ],
)
def test_what_the_ledger_knows(runs: list[RunRecord], expected: list[Any]) -> None:
    assert [(each.run, each.state, each.steps) for each in fold_unconfirmed(runs)] == expected
