"""A plan to evidence: intents before effects, outcomes as they come, a fresh look at the end of each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cutter.agent.unseen import unobservable, unseen
from cutter.agent.untouched import drift_of
from cutter.engine.moving import Move, Moved, move
from cutter.engine.obligations import owed_by
from cutter.engine.planner import request_for
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.engine.target import Target
from cutter.errors import EXIT_CODES, CutterError, Interrupted
from cutter.model.evidence import EXIT_OF_OUTCOME, Evidence, Outcome, exit_of, worst_exit
from cutter.model.plan import PlannedStep, TargetPlan, Unseen
from cutter.model.runbook import BoundRunbook
from cutter.named_tuple import NamedTuple

Watch = Callable[[str, PlannedStep, Evidence], None]
"""Told of each outcome as it comes: target, planned step, evidence."""


class TargetResult(NamedTuple):
    """What came of every step on one target. `interrupted`: it was asked to stop before all were done.

    `compensation` is what was taken back after a failure, and `manual` what is left for a person to do.
    `left` tells of earlier runs that had broken off there, and whose steps this one looked at again. `why`
    says what was in the way of a target without a step, where steps would say it themselves.
    """

    target: str
    identity: str
    evidence: tuple[Evidence, ...]
    interrupted: bool = False
    compensation: tuple[Evidence, ...] = ()
    manual: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    why: Unseen | None = None

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
        if self.why is not None:
            return self.why.exit_code
        if all(item.outcome is Outcome.OK for item in self.evidence):  # thousands, asked several times
            return 0
        refusals = [item.refusal for item in self.evidence if item.refusal is not None]
        outcomes = (item.outcome for item in self.evidence if not item.refused)
        return exit_of(outcomes, changed=self.changed, refusals=refusals)

    @property
    def only_skipped(self) -> bool:
        """Tell whether nothing was begun here because of what came of others."""
        return bool(self.evidence) and all(item.outcome is Outcome.SKIPPED for item in self.evidence)


class RunResult(NamedTuple):
    """What came of a run on all its targets."""

    run: str
    runbook: str
    targets: tuple[TargetResult, ...]

    @property
    def exit_code(self) -> int:
        """The code that wins across targets; those that were only skipped follow from another's."""
        ended = [(target.exit_code, target.only_skipped) for target in self.targets]
        begun = worst_exit(code for code, only_skipped in ended if not only_skipped)
        return begun or worst_exit(code for code, _ in ended)

    @property
    def counts(self) -> Counter[str]:
        """How many steps had each outcome."""
        return count(item for target in self.targets for item in (*target.evidence, *target.compensation))


def count(evidence: Iterable[Evidence]) -> Counter[str]:
    """Return how many steps had each outcome."""
    return Counter(item.outcome.value for item in evidence)


def worst_of_runs(results: Sequence[RunResult]) -> int:
    """Return the code that wins across runs of a command; one only skipped follows from another."""
    begun = (each for each in results if not all(target.only_skipped for target in each.targets))
    return worst_exit(each.exit_code for each in begun) or worst_exit(each.exit_code for each in results)


class Work(NamedTuple):
    """A plan, the bound runbook it was made of, and the target it is for."""

    plan: TargetPlan
    bound: BoundRunbook
    target: Target


def execute(
    works: Sequence[Work], recording: Recording, *, stop: Stop, watch: Watch, parallel: int
) -> tuple[TargetResult, ...]:
    """Apply plans to their targets, side by side. Where nothing is pending, the looks are the evidence.

    An abort, or an error inside a step, ends its target with that step unknown and the rest skipped. Raises
    LedgerError when nothing could be recorded and so nothing was begun, and Unrecorded later.
    """
    still = [work for work in works if not work.plan.pending]
    seen = {work.plan.target: Moved(_recorded(work, recording, watch)) for work in still}
    pending = [work for work in works if work.plan.pending]
    steps = [{step.id: step for step in work.plan.steps} for work in pending]

    def told(index: int, found: Evidence) -> None:
        watch(pending[index].plan.target, steps[index][found.step], found)

    if pending:
        moves = list(map(_move, pending))
        moved = move(moves, recording, stop=stop, parallel=parallel, told=told)
        seen |= {work.plan.target: found for work, found in zip(pending, moved, strict=True)}
    came_of = ((work.plan, seen[work.plan.target]) for work in works)
    results = (result_of(plan, came.evidence)._replace(left=came.left) for plan, came in came_of)
    return tuple(done._replace(interrupted=stop() and _cut_short(done)) for done in results)


def refuse(work: Work, why: CutterError, recording: Recording) -> TargetResult:
    """Record that nothing was begun on a target, because of what was found there before."""
    evidence = tuple(
        Evidence(
            *(step.id, step.type, step.content_hash, Outcome.BLOCKED),
            reason=why.cause,
            remedy=why.remedy,
            refusal=why.exit_code,
        )
        for step in work.plan.steps
    )
    for item in evidence:
        recording.evidence(work.plan.target, work.plan.identity, item)
    return result_of(work.plan, evidence, unseen(why))


def skip(works: Sequence[Work], recording: Recording, reason: str) -> tuple[TargetResult, ...]:
    """Record that nothing was begun on these targets, and why."""
    found = []
    for plan, _, _ in works:
        evidence = tuple(
            Evidence(step.id, step.type, step.content_hash, Outcome.SKIPPED, reason=reason)
            for step in plan.steps
        )
        for item in evidence:
            recording.evidence(plan.target, plan.identity, item)
        found.append(TargetResult(plan.target, plan.identity, evidence))
    return tuple(found)


def result_of(plan: TargetPlan, evidence: tuple[Evidence, ...], why: Unseen | None = None) -> TargetResult:
    """Return what came of a target; nothing is well where nobody could look, though no step was for it."""
    return TargetResult(plan.target, plan.identity, evidence, why=None if evidence else why or plan.unseen)


def converged(plan: TargetPlan, bound: BoundRunbook) -> Iterator[Evidence]:
    """Yield what the looks of a plan alone say of each step: ok, drifted and in what, or not observable."""
    steps = {step.id: step for step in bound.steps}
    for planned in plan.steps:
        if plan.unseen is not None:
            yield unobservable(planned, plan.unseen)
        else:
            yield drift_of(planned.look, request_for(steps[planned.id]))


def _recorded(work: Work, recording: Recording, watch: Watch) -> tuple[Evidence, ...]:
    evidence = tuple(converged(work.plan, work.bound))
    for step, found in zip(work.plan.steps, evidence, strict=True):
        recording.evidence(work.plan.target, work.plan.identity, found)
        watch(work.plan.target, step, found)
    return evidence


def _move(work: Work) -> Move:
    plan, target = work.plan, work.target
    steps = {step.id: step for step in work.bound.steps}
    requests = [request_for(steps[planned.id], planned) for planned in plan.steps]
    pending = {step.id for step in plan.pending}
    touching = [request for request in requests if request.id in pending]
    content = {digest: held for step in plan.pending for digest, held in steps[step.id].content.items()}
    intents = [intent_of(step) for step in plan.pending]

    def begin(stop: Callable[[], bool]) -> Iterator[Evidence]:
        return target.apply(requests, content, stop)

    planned = {step.id for step in plan.steps}
    owed = owed_by(work.bound.steps, planned, pending)
    return Move(target, plan.identity, requests, touching, intents, begin, owed)


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
        **({"confirm": step.confirm} if step.confirm else {}),
    }


def exit_title(code: int) -> str:
    """Return the title of an exit code in the registry."""
    return next(row.title for row in EXIT_CODES if row.code == code)
