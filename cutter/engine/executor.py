"""A plan to evidence: intents before effects, outcomes as they come, a fresh look at the end of each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cutter.agent import drift_of
from cutter.engine.driving import driven
from cutter.engine.planner import request_for
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.engine.target import Target
from cutter.errors import EXIT_CODES, Interrupted
from cutter.model.evidence import EXIT_OF_OUTCOME, Evidence, Outcome, exit_of, worst_exit
from cutter.model.plan import PlannedStep, TargetPlan
from cutter.model.runbook import BoundRunbook

Watch = Callable[[str, PlannedStep, Evidence], None]
"""Told of each outcome as it comes: target, planned step, evidence."""


class TargetResult(NamedTuple):
    """What came of every step on one target. `interrupted`: it was asked to stop before all were done.

    `compensation` is what was taken back after a failure, and `manual` what is left for a person to do.
    """

    target: str
    identity: str
    evidence: tuple[Evidence, ...]
    interrupted: bool = False
    compensation: tuple[Evidence, ...] = ()
    manual: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Tell whether a step came to a bad end; one that was skipped did not begin."""
        return any(not (item.outcome.success or item.outcome is Outcome.SKIPPED) for item in self.evidence)

    @property
    def restored(self) -> bool:
        """Tell whether everything the run changed was put back, as a fresh look found."""
        return bool(self.compensation) and not self.manual

    @property
    def changed(self) -> bool:
        """Tell whether the target is, or may be, different from what the run found."""
        touched = (item for item in self.evidence if item.touched and not item.event)
        return not self.restored and any(touched)

    @property
    def exit_code(self) -> int:
        """The exit code of this target alone."""
        if self.restored:
            return EXIT_OF_OUTCOME[Outcome.COMPENSATED]
        if self.interrupted:
            return Interrupted.exit_code
        refusals = [item.refusal for item in self.evidence if item.refusal is not None]
        return exit_of((item.outcome for item in self.evidence), changed=self.changed, refusals=refusals)


class RunResult(NamedTuple):
    """What came of a run on all its targets."""

    run: str
    runbook: str
    targets: tuple[TargetResult, ...]

    @property
    def exit_code(self) -> int:
        """The code that wins across targets."""
        return worst_exit(target.exit_code for target in self.targets)

    @property
    def counts(self) -> Counter[str]:
        """How many steps had each outcome."""
        return count(item for target in self.targets for item in (*target.evidence, *target.compensation))


def count(evidence: Iterable[Evidence]) -> Counter[str]:
    """Return how many steps had each outcome."""
    return Counter(item.outcome.value for item in evidence)


def execute(
    plan: TargetPlan,
    bound: BoundRunbook,
    target: Target,
    recording: Recording,
    *,
    stop: Stop,
    watch: Watch,
) -> TargetResult:
    """Apply a plan to one target. Where nothing is pending, the looks of the plan are the evidence.

    An abort, or an error inside a step, ends it with that step unknown and the rest skipped. Raises
    LedgerError when nothing could be recorded and so nothing was begun, and Unrecorded later.
    """
    results = _apply(plan, bound, target, recording, stop) if plan.pending else converged(plan, bound)
    evidence = []
    for step, found in zip(plan.steps, results, strict=True):
        recording.evidence(plan.target, plan.identity, found)
        if found.outcome is not Outcome.OK:
            recording.commit()
        watch(plan.target, step, found)
        evidence.append(found)
    done = TargetResult(plan.target, plan.identity, tuple(evidence))
    return done._replace(interrupted=stop() and _cut_short(done))


def converged(plan: TargetPlan, bound: BoundRunbook) -> Iterator[Evidence]:
    """Yield what the looks of a plan alone say of each step: ok, or drifted and in what."""
    steps = {step.id: step for step in bound.steps}
    for planned in plan.steps:
        yield drift_of(planned.look, request_for(steps[planned.id]))


def _apply(
    plan: TargetPlan, bound: BoundRunbook, target: Target, recording: Recording, stop: Stop
) -> Iterator[Evidence]:
    steps = {step.id: step for step in bound.steps}
    requests = [request_for(steps[planned.id], planned) for planned in plan.steps]
    pending = {step.id for step in plan.pending}
    folders = target.workplaces([request for request in requests if request.id in pending])
    recording.intents(plan.target, plan.identity, [intent_of(step) for step in plan.pending], folders)
    content = {digest: held for step in plan.pending for digest, held in steps[step.id].content.items()}
    return driven(requests, target.apply(requests, content, stop), stop)


def _cut_short(done: TargetResult) -> bool:
    """Tell whether a run that was asked to stop ended because of that, and not of a failure before it."""
    outcomes = [item.outcome for item in done.evidence]
    failed = any(item.outcome in (Outcome.FAILED, Outcome.STALE) for item in done.evidence)
    return not failed and (Outcome.SKIPPED in outcomes or Outcome.UNKNOWN in outcomes)


def intent_of(step: PlannedStep) -> Mapping[str, Any]:
    """Return what is recorded of a step before anything is done about it."""
    return {
        "step": step.id,
        "content_hash": step.content_hash,
        "before": step.look.before,
        "after": step.look.after,
    }


def exit_title(code: int) -> str:
    """Return the title of an exit code in the registry."""
    return next(row.title for row in EXIT_CODES if row.code == code)
