"""Revert a run: show what would be taken back, then take it back, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cutter.agent import RevertRequest
from cutter.app.applying import WritingSession, broken_run, new_run_id
from cutter.app.compensating import TargetRevert, take_back
from cutter.app.preparing import VERB
from cutter.app.reverting_databases import prove_reverts, withdraw_others
from cutter.app.settling import history
from cutter.engine.compensation import inverse_steps, manual_steps, recorded
from cutter.engine.executor import count
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.errors import Interrupted, PreconditionError, StalePlan, StepFailed, WrongTarget
from cutter.model.evidence import EXIT_OF_OUTCOME, Evidence, Outcome, worst_exit
from cutter.model.runs import RunRecord

_CLEAN = (Outcome.COMPENSATED, Outcome.SKIPPED)


class RevertResult(NamedTuple):
    """What came of a revert.

    `manual` tells a person what is left on each target; `proved` are targets where it was proved before.
    """

    run: str
    evidence: tuple[tuple[str, Evidence], ...]
    manual: Mapping[str, Sequence[str]]
    proved: frozenset[str] = frozenset()

    @property
    def counts(self) -> Counter[str]:
        """How many steps had each outcome."""
        return count(evidence for _, evidence in self.evidence)

    @property
    def halted(self) -> tuple[str, ...]:
        """The targets on which something was begun and not ended well, or failed in spite of its proof."""
        bad = {target for target, item in self.evidence if item.outcome not in _CLEAN}
        touched = {target for target, item in self.evidence if item.touched}
        surprising = {target for target, item in self.evidence if target in self.proved and _fails(item)}
        return tuple(sorted(bad & touched | surprising))

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


def _fails(item: Evidence) -> bool:
    return item.outcome is Outcome.FAILED and item.refusal is None


def plan_revert(session: WritingSession, run: RunRecord) -> tuple[TargetRevert, ...]:
    """Return what reverting a run would do; what an interrupted revert of it has done already is left out.

    Raises StalePlan when what came of the run is not known, WrongTarget on another machine, and
    PreconditionError for one that gave hosts a Python.
    """
    if run.verb == VERB:
        cause = "the run gave hosts a Python, by which all the rest is done there; it stays"
        raise PreconditionError(cause, remedy="remove it there by hand, with apt-get")
    if run.unknown():
        names = ", ".join(step["step"] for _, step in run.unknown())
        cause = f"what came of {names} is not known, so there is no telling what to take back"
        raise StalePlan(cause, remedy="apply the runbook again: it looks and goes on; then revert that run")
    session.refuse_halted(_targets(run))
    reverts = tuple(_of_target(session, run, target) for target in _targets(run))
    return tuple(revert for revert in reverts if revert.requests)


def refuse_moved_on(session: WritingSession, reverts: Sequence[TargetRevert]) -> None:
    """Raise StalePlan, naming each, when something changed since the run or depends on what it did."""
    for revert in reverts:
        reasons = session.workspace.target(revert.target).revertible(revert.requests)
        moved = [f"{step.id}: {why}" for step, why in zip(revert.requests, reasons, strict=True) if why]
        if moved:
            raise StalePlan(
                f"{len(moved)} of {len(revert.requests)} steps cannot be taken back: " + "; ".join(moved),
                place=revert.target,
                remedy="put those back by hand, or write a runbook that declares what should be",
            )


def revert(
    session: WritingSession, run: RunRecord, reverts: Sequence[TargetRevert], *, stop: Stop
) -> RevertResult:
    """Take back a run on all its targets and record it as a run of its own; a bad end halts the target.

    What acts on a database is proved first, in a transaction that is rolled back. Raises ProofFailed and
    KillSwitchOff, recorded as a refusal, when nothing was done because of that.
    """
    own = new_run_id()
    with session.refusals_of(own, run.runbook):
        proved = prove_reverts(session, reverts, own)
        if stop():
            raise Interrupted("asked to stop before anything was taken back")
    recording = _recording(session, run, own)
    with broken_run(recording):
        return _revert(session, recording, reverts, stop, proved)


def _revert(
    session: WritingSession,
    recording: Recording,
    reverts: Sequence[TargetRevert],
    stop: Stop,
    proved: frozenset[str],
) -> RevertResult:
    found: list[tuple[str, Evidence]] = []
    manual: dict[str, list[str]] = {}
    for target in reverts:
        withdraw_others(session, recording, target)
    workspace = session.workspace
    there = [(workspace.target(target.target, run=recording.run), target) for target in reverts]
    taken_back = take_back(there, recording, stop=stop, parallel=workspace.parallel)
    for target, evidence in zip(reverts, taken_back, strict=True):
        found += [(target.target, item) for item in evidence]
        manual[target.target] = manual_steps(target.requests, evidence)
    result = RevertResult(recording.run, tuple(found), manual, proved)
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
    requests = inverse_steps(map(recorded, bodies))
    return TargetRevert(target, identity, _still_to_do(session, run, target, requests))


def _still_to_do(
    session: WritingSession, run: RunRecord, target: str, requests: Sequence[RevertRequest]
) -> tuple[RevertRequest, ...]:
    """Leave out what is as it was before the run, when a revert of that run broke off."""
    reverts = [later for later in history(session.ledger).values() if later.reverts == run.run]
    if not reverts or reverts[-1].exit_code == 0:
        return tuple(requests)
    already = [request._replace(expected=request.goal) for request in requests]
    reasons = session.workspace.target(target).revertible(already)
    return tuple(request for request, reason in zip(requests, reasons, strict=True) if reason)


def _recording(session: WritingSession, run: RunRecord, own: str) -> Recording:
    common = {"environment": session.workspace.environment.name, "runbook": run.runbook}
    recording = Recording(session.ledger.append, own, common)
    recording.start({"verb": "revert", "reverts": run.run})
    return recording


def _targets(run: RunRecord) -> list[str]:
    return list(dict.fromkeys(item["target"] for item in run.evidence))
