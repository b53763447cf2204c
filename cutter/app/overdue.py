"""What a run that died left armed, and no guard took back, is taken back before anything is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cutter import __version__
from cutter.app.applying import WritingSession, broken_run, new_run_id
from cutter.app.workspace import Job
from cutter.engine.executor import count
from cutter.engine.recording import Recording
from cutter.errors import CutterError, LockHeld
from cutter.model.evidence import Evidence
from cutter.model.plan import Plan

VERB = "guard"
Taken = tuple[str, str, Sequence[Evidence]]
"""A target, the run that had armed something there, and what came of its steps."""


def planned_after(
    session: WritingSession, jobs: Sequence[Job], planned: Callable[[Job], Plan]
) -> tuple[list[Plan], list[str]]:
    """Return the plan of each runbook, and a line for each run of which something was taken back first.

    Raises LockHeld while a guard lives on this machine, StepFailed for what cannot be taken back.
    """
    try:
        plans = [planned(job) for job in jobs]
    except LockHeld:
        names = [name for job in jobs for name in _local(session, job)]
        plans = []
    else:
        names = [target.target for plan in plans for target in plan.targets if _is_held(plan, target.target)]
    taken = _taken_back(session, list(dict.fromkeys(names)))
    if taken or not plans:
        plans = [planned(job) for job in jobs]
    return plans, [_line(*each) for each in taken]


def _is_held(plan: Plan, name: str) -> bool:
    found = next(target for target in plan.targets if target.target == name)
    return found.unseen is not None and found.unseen.exit_code == LockHeld.exit_code


def _local(session: WritingSession, job: Job) -> list[str]:
    return [bound.target for bound in job.bound if session.workspace.is_local(bound.target)]


def _taken_back(session: WritingSession, names: Sequence[str]) -> list[Taken]:
    """Take it back and record it, as a run of its own."""
    recording = Recording(
        session.ledger.append,
        new_run_id(),
        {"environment": session.workspace.environment.name, "runbook": VERB},
    )
    recording.start({"verb": VERB, "cutter": __version__})
    taken: list[Taken] = []
    with broken_run(recording):
        try:
            for name in names:
                for run, found in _overdue(session, name, recording.run):
                    taken.append((name, run, found))
                    for item in found:
                        recording.evidence(name, session.workspace.target(name).identity(), item)
        finally:
            if taken:
                recording.end(0, count(item for _, _, found in taken for item in found))
    return taken


def _overdue(session: WritingSession, name: str, run: str) -> Iterator[tuple[str, Sequence[Evidence]]]:
    target = session.workspace.target(name, run=run)
    try:
        yield from target.overdue()
    except CutterError:
        if not target.apart:
            raise
        return  # its guard lives, another run works there, or it cannot be taken back: its plan says so


def _line(name: str, run: str, found: Sequence[Evidence]) -> str:
    steps = ", ".join(item.step for item in found) or "nothing"
    return f"{name}: run {run} was never confirmed there; {steps} was taken back"
