"""Revert a run: show what would be taken back, then take it back, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cutter.app.applying import WritingSession, broken_run, new_run_id
from cutter.app.compensating import TargetRevert, take_back
from cutter.app.settling import history
from cutter.engine.compensation import inverse_steps, manual_steps, recorded
from cutter.engine.executor import count
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.errors import Interrupted, StalePlan, StepFailed, UsageError, WrongTarget
from cutter.model.evidence import EXIT_OF_OUTCOME, Evidence, Outcome, worst_exit
from cutter.model.runs import RunRecord

_CLEAN = (Outcome.COMPENSATED, Outcome.SKIPPED)


class RevertResult(NamedTuple):
    """What came of a revert. `manual` tells a person what is left on each target."""

    run: str
    evidence: tuple[tuple[str, Evidence], ...]
    manual: Mapping[str, Sequence[str]]

    @property
    def counts(self) -> Counter[str]:
        """How many steps had each outcome."""
        return count(evidence for _, evidence in self.evidence)

    @property
    def halted(self) -> tuple[str, ...]:
        """The targets on which something was begun and not ended well."""
        bad = {target for target, item in self.evidence if item.outcome not in _CLEAN}
        return tuple(sorted(bad & {target for target, item in self.evidence if item.touched}))

    @property
    def exit_code(self) -> int:
        """0 when all is as it was before the run, 12 when a target is halted; else why it stopped."""
        outcomes = {evidence.outcome for _, evidence in self.evidence}
        if outcomes <= {Outcome.COMPENSATED}:
            return 0
        if self.halted:
            return StepFailed.exit_code
        refusals = [item.refusal for _, item in self.evidence if item.refusal is not None]
        if refusals:
            return worst_exit(refusals)
        if Outcome.FAILED in outcomes:
            return EXIT_OF_OUTCOME[Outcome.COMPENSATED]
        return StalePlan.exit_code if Outcome.STALE in outcomes else Interrupted.exit_code


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
    session.refuse_halted(_targets(run))
    reverts = tuple(_of_target(session, run, target) for target in _targets(run))
    for revert in reverts:
        _refuse_moved_on(session, revert)
    return tuple(revert for revert in reverts if revert.requests)


def revert(
    session: WritingSession, run: RunRecord, reverts: Sequence[TargetRevert], *, stop: Stop
) -> RevertResult:
    """Take back a run on all its targets and record it as a run of its own; a bad end halts the target."""
    recording = _recording(session, run)
    with broken_run(recording):
        return _revert(session, recording, reverts, stop)


def _revert(
    session: WritingSession, recording: Recording, reverts: Sequence[TargetRevert], stop: Stop
) -> RevertResult:
    found: list[tuple[str, Evidence]] = []
    manual: dict[str, list[str]] = {}
    for target in reverts:
        evidence = take_back(
            session.workspace.target(target.target, run=recording.run), recording, target, stop=stop
        )
        found += [(target.target, item) for item in evidence]
        manual[target.target] = manual_steps(target.requests, evidence)
    result = RevertResult(recording.run, tuple(found), manual)
    for name in result.halted:
        recording.halt(name, manual[name])
    recording.end(result.exit_code, result.counts)
    return result


def _of_target(session: WritingSession, run: RunRecord, target: str) -> TargetRevert:
    bodies = [item for item in run.evidence if item["target"] == target]
    identity = session.workspace.target(target).identity()
    recorded_identity = bodies[0]["identity"]
    if identity != recorded_identity:
        cause = f"{target} is {identity}; the run was on {recorded_identity}"
        raise WrongTarget(cause, remedy="revert it on the machine where it ran")
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
