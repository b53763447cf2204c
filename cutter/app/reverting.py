"""Revert a run: show what would be taken back, then take it back, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cutter.app.applying import WritingSession, new_run_id
from cutter.app.compensating import TargetRevert, take_back
from cutter.app.settling import history
from cutter.engine.compensation import inverse_steps, manual_steps, recorded
from cutter.engine.executor import count
from cutter.engine.recording import Recording
from cutter.errors import StalePlan, StepFailed, UsageError, WrongTarget
from cutter.model.evidence import Evidence, Outcome
from cutter.model.runs import RunRecord


class RevertResult(NamedTuple):
    """What came of a revert. `manual` tells a person what is left, when not everything could be put back."""

    run: str
    evidence: tuple[tuple[str, Evidence], ...]
    manual: tuple[str, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many steps had each outcome."""
        return count(evidence for _, evidence in self.evidence)

    @property
    def exit_code(self) -> int:
        """0 when everything is as it was before the run, else 12, or 20 when nothing was touched."""
        outcomes = [evidence.outcome for _, evidence in self.evidence]
        if all(outcome is Outcome.COMPENSATED for outcome in outcomes):
            return 0
        untouched = Outcome.COMPENSATED not in outcomes and Outcome.FAILED not in outcomes
        return StalePlan.exit_code if untouched else StepFailed.exit_code


def chosen_run(session: WritingSession, wanted: str) -> RunRecord:
    """Return the run whose id begins with `wanted`. Raises UsageError for none or several."""
    runs = history(session.ledger)
    found = [record for name, record in runs.items() if wanted and name.startswith(wanted)]
    if len(found) != 1:
        raise UsageError(f"{len(found)} runs begin with {wanted!r}", remedy=session.workspace.command("runs"))
    return found[0]


def plan_revert(session: WritingSession, run: RunRecord) -> tuple[TargetRevert, ...]:
    """Return what reverting a run would do.

    Raises StalePlan when anything changed since, and WrongTarget on another machine.
    """
    if run.unknown():
        names = ", ".join(step["step"] for _, step in run.unknown())
        cause = f"what came of {names} is not known, so there is no telling what to take back"
        raise StalePlan(cause, remedy="apply the runbook again: it looks and goes on; then revert that run")
    reverts = tuple(_of_target(session, run, target) for target in _targets(run))
    for revert in reverts:
        _refuse_moved_on(session, revert)
    return tuple(revert for revert in reverts if revert.requests)


def revert(
    session: WritingSession, run: RunRecord, reverts: Sequence[TargetRevert], *, stop: Callable[[], bool]
) -> RevertResult:
    """Take back a run on all its targets and record it as a run of its own."""
    recording = _recording(session, run)
    found: list[tuple[str, Evidence]] = []
    manual: list[str] = []
    for target in reverts:
        evidence = take_back(session.workspace.target(target.target), recording, target, stop=stop)
        found += [(target.target, item) for item in evidence]
        manual += manual_steps(target.requests, evidence)
    result = RevertResult(recording.run, tuple(found), tuple(manual))
    recording.end(result.exit_code, result.counts)
    return result


def _of_target(session: WritingSession, run: RunRecord, target: str) -> TargetRevert:
    bodies = [item for item in run.evidence if item["target"] == target]
    identity = session.workspace.target(target).identity()
    recorded_identity = bodies[0]["identity"]
    if identity != recorded_identity:
        raise WrongTarget(f"{target} is {identity}; the run was on {recorded_identity}")
    return TargetRevert(target, identity, inverse_steps(map(recorded, bodies)))


def _refuse_moved_on(session: WritingSession, revert: TargetRevert) -> None:
    reasons = session.workspace.target(revert.target).revertible(revert.requests)
    moved = [f"{step.id}: {why}" for step, why in zip(revert.requests, reasons, strict=True) if why]
    if moved:
        raise StalePlan(
            f"{len(moved)} of {len(revert.requests)} steps cannot be taken back: " + "; ".join(moved),
            place=revert.target,
            remedy="put those back by hand, or write a runbook that declares what should be",
        )


def _recording(session: WritingSession, run: RunRecord) -> Recording:
    common = {"environment": session.workspace.environment.name, "runbook": run.runbook}
    recording = Recording(session.ledger.append, new_run_id(), common)
    recording.start({"verb": "revert", "reverts": run.run})
    return recording


def _targets(run: RunRecord) -> list[str]:
    return list(dict.fromkeys(item["target"] for item in run.evidence))
