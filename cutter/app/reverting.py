"""Revert a run: show what would be taken back, then take it back, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cutter.agent.putting_back import TAKEN_BACK
from cutter.app.applying import WritingSession, broken_run, new_run_id
from cutter.app.compensating import take_back
from cutter.app.preparing import VERB
from cutter.app.refusing import Refusals
from cutter.app.reverting_databases import prove_reverts, withdraw_others
from cutter.app.reverting_targets import RevertPlan, moved_on, plan_of_targets, targets_of
from cutter.engine.compensation import manual_steps
from cutter.engine.executor import count
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.errors import Interrupted, PreconditionError, StalePlan, StepFailed
from cutter.model.evidence import EXIT_OF_OUTCOME, Evidence, Outcome, worst_exit
from cutter.model.runs import RunRecord
from cutter.named_tuple import NamedTuple

_AS_IT_WAS = (Outcome.FAILED, Outcome.SKIPPED)
_CLEAN = (Outcome.COMPENSATED, Outcome.SKIPPED)


class RevertResult(NamedTuple):
    """What came of a revert.

    `manual` tells a person what is left on each target; `proved` are targets where it was proved before.
    On those `refused` nothing was begun.
    """

    run: str
    evidence: tuple[tuple[str, Evidence], ...]
    manual: Mapping[str, Sequence[str]]
    proved: frozenset[str] = frozenset()
    refused: Refusals = MappingProxyType({})

    @property
    def counts(self) -> Counter[str]:
        """How many steps had each outcome."""
        return count(evidence for _, evidence in self.evidence)

    @property
    def left(self) -> tuple[str, ...]:
        """The targets on which not all was taken back."""
        bad = (target for target, item in self.evidence if item.outcome is not Outcome.COMPENSATED)
        return tuple(dict.fromkeys((*bad, *self.refused)))

    @property
    def in_place(self) -> tuple[str, ...]:
        """Those of them that failed and are as before the revert: all that the run changed is still there."""
        failed = {target for target, item in self.evidence if _fails(item) and not item.touched}
        other = {target for target, item in self.evidence if item.touched or item.outcome not in _AS_IT_WAS}
        return tuple(name for name in self.left if name in failed - other)

    @property
    def was_taken_back(self) -> bool:
        """Tell whether a guard has taken the revert back: nobody confirmed it, or a step beside failed."""
        return any(item.guard == TAKEN_BACK for _, item in self.evidence)

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
        return worst_exit([self._done, *(why.exit_code for why in self.refused.values())])

    @property
    def _done(self) -> int:
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


def plan_revert(session: WritingSession, run: RunRecord) -> RevertPlan:
    """Return what reverting a run would do; what an interrupted revert of it has done already is left out.

    Raises StalePlan when what came of the run is not known, WrongTarget on another machine, each where no
    other target is left, and PreconditionError for one that gave hosts a Python.
    """
    if run.verb == VERB:
        cause = "the run gave hosts a Python, by which all the rest is done there; it stays"
        raise PreconditionError(cause, remedy="remove it there by hand, with apt-get")
    session.refuse_halted(targets_of(run))
    return plan_of_targets(session, run)


def without_moved_on(session: WritingSession, plan: RevertPlan) -> RevertPlan:
    """Return the plan without targets on which something changed since. Raises StalePlan for the last."""
    return plan.without(moved_on(session, plan.reverts))


def revert(session: WritingSession, run: RunRecord, plan: RevertPlan, *, stop: Stop) -> RevertResult:
    """Take back a run as planned and record it as a run of its own; a bad end halts the target.

    What acts on a database is proved first, in a transaction that is rolled back. Raises ProofFailed and
    KillSwitchOff, recorded as a refusal, when nothing was done because of that.
    """
    own = new_run_id()
    with session.refusals_of(own, run.runbook):
        proved = prove_reverts(session, plan.reverts, own)
        if stop():
            raise Interrupted("asked to stop before anything was taken back")
    recording = _recording(session, run, own)
    with broken_run(recording):
        return _revert(session, recording, plan, stop, proved)


def _revert(
    session: WritingSession,
    recording: Recording,
    plan: RevertPlan,
    stop: Stop,
    proved: frozenset[str],
) -> RevertResult:
    found: list[tuple[str, Evidence]] = []
    manual: dict[str, list[str]] = {}
    for target in plan.reverts:
        withdraw_others(session, recording, target)
    workspace = session.workspace
    there = [(workspace.target(target.target, run=recording.run), target) for target in plan.reverts]
    taken_back = take_back(there, recording, stop=stop, parallel=workspace.parallel)
    for target, evidence in zip(plan.reverts, taken_back, strict=True):
        found += [(target.target, item) for item in evidence]
        manual[target.target] = manual_steps(target.requests, evidence)
    for name, why in plan.refused.items():
        recording.refuse(name, why)
    result = RevertResult(recording.run, tuple(found), manual, proved, plan.refused)
    for name in result.halted:
        recording.halt(name, manual[name])
    recording.end(result.exit_code, result.counts)
    return result


def _recording(session: WritingSession, run: RunRecord, own: str) -> Recording:
    common = {"environment": session.workspace.environment.name, "runbook": run.runbook}
    recording = Recording(session.ledger.append, own, common)
    recording.start({"verb": "revert", "reverts": run.run})
    return recording
