"""A plan to a proof: what is declared already is looked at, the rest is tried where nothing stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from cutter.agent import StepRequest, drift_of
from cutter.engine.executor import TargetResult, Watch
from cutter.engine.planner import request_for
from cutter.engine.recording import Recording
from cutter.model.evidence import Evidence, Outcome
from cutter.model.plan import PlannedStep, Prediction, TargetPlan
from cutter.model.runbook import BoundRunbook

Prove = Callable[[Sequence[StepRequest], Mapping[str, bytes]], Iterator[Evidence]]


class IsProvable(Protocol):
    """Tells whether steps of a type can be tried in a transaction."""

    def __call__(self, kind: str) -> bool:
        """Return it, by the name of the type."""


def prove_target(
    plan: TargetPlan,
    bound: BoundRunbook,
    prove: Prove,
    recording: Recording,
    *,
    provable: IsProvable,
    watch: Watch,
) -> TargetResult:
    """Prove the pending steps of a plan and record what came of each.

    A step that is as declared is ok by its look; one that cannot be tried in a transaction is unprovable.
    """
    steps = {step.id: step for step in bound.steps}
    tried = [step for step in plan.steps if step.pending and provable(step.type)]
    content = {digest: held for step in tried for digest, held in steps[step.id].content.items()}
    requests = [request_for(steps[step.id]) for step in tried]
    found = {item.step: item for item in prove(requests, content)} if requests else {}
    evidence = []
    for step in plan.steps:
        item = found.get(step.id) or _untried(step, request_for(steps[step.id]))
        recording.evidence(plan.target, plan.identity, item)
        watch(plan.target, step, item)
        evidence.append(item)
    return TargetResult(plan.target, plan.identity, tuple(evidence))


def _untried(step: PlannedStep, request: StepRequest) -> Evidence:
    if step.look.prediction is Prediction.NO_CHANGE:
        return drift_of(step.look, request)
    reason = step.look.reason or f"a step of type {step.type} does not act in a transaction alone"
    return Evidence(step.id, step.type, step.content_hash, Outcome.UNPROVABLE, reason=reason)
