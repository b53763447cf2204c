"""A plan to a proof: what is declared already is looked at, the rest is tried where nothing stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from cutter.agent.requests import StepRequest
from cutter.agent.unseen import unobservable
from cutter.agent.untouched import drift_of
from cutter.engine.executor import TargetResult, Watch, intent_of
from cutter.engine.planner import request_for
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.errors import ProofFailed, Unavailable
from cutter.model.evidence import EXIT_OF_OUTCOME, Evidence, Outcome
from cutter.model.look import Prediction
from cutter.model.plan import PlannedStep, TargetPlan
from cutter.model.runbook import BoundRunbook

Prove = Callable[[Sequence[StepRequest], Mapping[str, bytes]], Iterator[Evidence]]


class IsProvable(Protocol):
    """Tells whether steps of a type can be tried in a transaction."""

    def __call__(self, kind: str) -> bool:
        """Return it, by the name of the type."""


class ProofResult(TargetResult):
    """What came of a proof on one target: a step that failed was rolled back with the rest."""

    __slots__ = ()

    @property
    def exit_code(self) -> int:
        """The exit code of this target alone: a failure that changed nothing is a failed proof."""
        code = super().exit_code
        return ProofFailed.exit_code if code == EXIT_OF_OUTCOME[Outcome.COMPENSATED] else code


def prove_target(
    plan: TargetPlan,
    bound: BoundRunbook,
    prove: Prove,
    recording: Recording,
    *,
    provable: IsProvable,
    stop: Stop,
    watch: Watch,
) -> ProofResult:
    """Prove the pending steps of a plan and record what came of each; that it is tried is recorded before.

    A step that is as declared is ok by its look; one that cannot be tried in a transaction is unprovable.
    """
    tried = [step for step in plan.steps if step.pending and provable(step.type)]
    found = _tried(plan, tried, bound, prove, recording)
    steps = {step.id: step for step in bound.steps}
    evidence = []
    for step in plan.steps:
        item = found.get(step.id) or _untried(step, plan, request_for(steps[step.id]))
        recording.evidence(plan.target, plan.identity, item)
        watch(plan.target, step, item)
        evidence.append(item)
    return ProofResult(plan.target, plan.identity, tuple(evidence), stop() and _cut_short(evidence))


def _tried(
    plan: TargetPlan, tried: Sequence[PlannedStep], bound: BoundRunbook, prove: Prove, recording: Recording
) -> Mapping[str, Evidence]:
    """Return what came of the steps that can be tried, by their ids."""
    if not tried:
        return {}
    steps = {step.id: step for step in bound.steps}
    content = {digest: held for step in tried for digest, held in steps[step.id].content.items()}
    recording.intents(plan.target, plan.identity, [intent_of(step) for step in tried], ())
    return {item.step: item for item in prove([request_for(steps[step.id]) for step in tried], content)}


def _cut_short(evidence: Sequence[Evidence]) -> bool:
    """Tell whether a proof that was asked to stop ended because of that alone."""
    outcomes = {item.outcome for item in evidence}
    ended = {Outcome.SKIPPED, Outcome.OK, Outcome.UNPROVABLE, Outcome.BLOCKED, Outcome.UNOBSERVABLE}
    return Outcome.SKIPPED in outcomes and outcomes <= ended


def _untried(step: PlannedStep, plan: TargetPlan, request: StepRequest) -> Evidence:
    """Return what a look alone says of a step that was not tried."""
    look = step.look
    if plan.unseen is not None:
        return unobservable(step, plan.unseen)
    if look.prediction is Prediction.NO_CHANGE:
        return drift_of(look, request)
    if look.prediction is Prediction.BLOCKED:
        outcome = Outcome.UNOBSERVABLE if look.exit_code == Unavailable.exit_code else Outcome.BLOCKED
        return Evidence(
            step.id, step.type, step.content_hash, outcome, reason=look.reason, remedy=look.remedy
        )
    why = look.reason or f"what a step of type {step.type} does cannot be rolled back with a transaction"
    reason = f"only looked at, and it is not as declared: {why}"
    return Evidence(step.id, step.type, step.content_hash, Outcome.UNPROVABLE, reason=reason)
