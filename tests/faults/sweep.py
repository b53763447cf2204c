"""Runs one apply in a forked child that is struck at a point; judges what is left and the next run."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from command_line import cutter
from faults.everything import STEP_IDS, Everything
from faults.points import Points, Strike
from waiting import PATIENCE

from cutter.cli.main import main

_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own has died, so that none can stay unseen."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)


def struck(project: Everything, at: int, strike: Strike) -> tuple[int, list[str]]:
    """Apply in a child struck at a point; return how it ended (negative: by signal) and what it passed."""
    names = project.folder.with_name("points.json")
    child = os.fork()
    if child == 0:
        _apply(project, at, strike, names)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _see_off_orphans()
    return ended, json.loads(names.read_text()) if not at else []


def undisturbed(project: Everything) -> tuple[dict[str, Any], list[str]]:
    """Return the state that an undisturbed run reaches, and the points it passes."""
    for _ in range(2):  # the first fills the cache of valid documents, which later runs find filled
        project.renew()
        ended, names = struck(project, 0, _spare)
        assert ended == 0, ended
    assert [step for step in STEP_IDS if not project.holds(step)] == []
    return project.state(), names


def _spare(name: str, before: bool) -> None:
    del name, before


def faults_at_death(project: Everything) -> Iterator[str]:
    """Say what is wrong with what a killed run has left: disk, ledger, runs, gaps."""
    yield from (f"{path} is neither old nor new" for path in project.is_old_or_new())
    if not (project.ledger_folder / "ledger.db").exists():
        return
    told = project.entries("evidence")
    for item in told:
        if item["outcome"] in ("ok", "changed") and not project.holds(item["step"]):
            yield f"{item['step']} is recorded as {item['outcome']} and is not so"
    if (code := project.cutter("ledger", "verify").code) != 0:
        yield f"ledger verify says {code}"
    yield from _faults_of_runs(project, {item["step"] for item in told}, "unsettled")
    closed = '"CLOSED"' in json.dumps([gap.get("now") for gap in _gaps(project)])
    if closed and not all(project.holds(step) for step in STEP_IDS):
        yield "the gap is CLOSED"


def faults_of_next(project: Everything, goal: dict[str, Any], before: set[str]) -> Iterator[str]:
    """Apply again, undisturbed, and say what is not as after one undisturbed run."""
    secret, keys = project.secret(), project.fingerprints()
    settled = _unsettled(project)
    answer = cutter("apply", "-i", str(project.folder / "inventory/here"), "--yes", project.site)
    if answer.code != 0:
        yield f"the next apply ended with {answer.code}: {answer.out} {answer.err}"
        return
    yield from (f"{step} is not as declared" for step in STEP_IDS if not project.holds(step))
    state = project.state()
    differing = sorted(name for name in {*goal, *state} if goal.get(name) != state.get(name))
    yield from (f"{name}: {state.get(name)} instead of {goal.get(name)}" for name in differing)
    yield from (f"left over: {path}" for path in project.leftovers())
    if secret and project.secret() != secret:
        yield "the live secret was made anew"
    if keys and project.fingerprints() != keys:
        yield "the live key was made anew"
    if (code := project.cutter("ledger", "verify").code) != 0:
        yield f"ledger verify says {code} in the end"
    if settled:
        yield from _faults_of_runs(project, before, "interrupted", settled)


def judged(project: Everything, goal: dict[str, Any]) -> list[str]:
    """Return everything wrong with what a struck run has left, and with what the next one makes of it."""
    try:
        found = list(faults_at_death(project))
        return [*found, *faults_of_next(project, goal, recorded(project))]
    except Exception:  # noqa: BLE001 - a sweep goes on and tells all
        return [traceback.format_exc()]


def recorded(project: Everything) -> set[str]:
    """Return the steps of which the ledger has an outcome."""
    if not (project.ledger_folder / "ledger.db").exists():
        return set()
    return {item["step"] for item in project.entries("evidence")}


def _faults_of_runs(project: Everything, known: set[str], state: str, run: str = "") -> Iterator[str]:
    listed = {item["run"]: item for item in project.json("runs")["runs"]}
    run = run or _unsettled(project)
    if not run:
        return
    if listed[run]["state"] != state:
        yield f"`cutter runs` says {listed[run]['state']} and not {state}"
    meant = [
        step["step"] for body in project.entries("intent") for step in body["steps"] if body["run"] == run
    ]
    unknown = {step["step"] for step in project.json("runs", "show", run)["unknown"]}
    if unknown != set(meant) - known:
        yield f"`cutter runs` names {sorted(unknown)} and not {sorted(set(meant) - known)}"
    if unknown and min(unknown) not in project.cutter("runs").out:
        yield "`cutter runs` does not name an unknown step"


def _unsettled(project: Everything) -> str:
    if not (project.ledger_folder / "ledger.db").exists():
        return ""
    ended = {body["run"] for body in project.entries("end")}
    return next((body["run"] for body in project.entries("run") if body["run"] not in ended), "")


def _gaps(project: Everything) -> list[dict[str, Any]]:
    gaps: list[dict[str, Any]] = project.json("gaps")["gaps"]
    return gaps


def _apply(project: Everything, at: int, strike: Strike, names: Path) -> None:
    code = 99
    points = Points(at, strike)
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        points.install()
        code = main(["apply", "-i", str(project.folder / "inventory/here"), "--yes", project.site])
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
        names.with_name("traceback.txt").write_text(traceback.format_exc())
    finally:
        if not at:
            names.write_text(json.dumps(points.names))
        os._exit(code)


def _see_off_orphans() -> None:
    """Wait for every orphan to end; one that does not is a child left behind."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            if time.monotonic() > deadline:
                left = [_named(pid) for pid in _children()]
                for pid in _children():
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                raise AssertionError(f"left behind: {left}")
            time.sleep(0.002)


def _children() -> list[int]:
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(word) for word in text.split()]


def _named(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return str(pid)
