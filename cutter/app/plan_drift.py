"""A kept plan against the world of today: what was declared, which machines, and what would be done now.

What was declared otherwise refuses the plan. A machine that is another one, or has drifted, is refused for
itself, and one that cannot be looked at is left as it is; under an approval each refuses the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from cutter.app.planfile import AGAIN, KeptPlan
from cutter.app.planning import plan_job
from cutter.app.refusing import Refusals, costs, without_sight_of
from cutter.app.workspace import Job, Workspace
from cutter.engine.side_by_side import Strand, answers
from cutter.engine.stopping import Stop, Unheeded
from cutter.engine.target import Target
from cutter.errors import CutterError, StalePlan, Unavailable, WrongTarget
from cutter.model.look import Prediction
from cutter.model.plan import Plan, PlannedStep, TargetPlan
from cutter.model.state import Change


def refuse_other_declarations(kept: KeptPlan, jobs: Sequence[Job]) -> None:
    """Raise StalePlan for another runbook or variable, WrongTarget for other hosts; nothing is contacted."""
    for job, plan in zip(jobs, kept.plans, strict=True):
        if plan.runbook_digest != job.runbook.digest:
            raise StalePlan(f"the runbook {job.path} changed since the plan was made", remedy=AGAIN)
        _refuse_other_targets(plan, job)


def other_machines(
    workspace: Workspace, kept: KeptPlan, jobs: Sequence[Job], *, approved: bool
) -> list[Refusals]:
    """Return, for each runbook, the targets that are another machine now than when the plan was made.

    Raises WrongTarget where that costs the run.
    """
    return [
        costs(job, _other_machines(workspace, plan), approved=approved)
        for job, plan in zip(jobs, kept.plans, strict=True)
    ]


def drifted(
    workspace: Workspace, kept: KeptPlan, jobs: Sequence[Job], refused: Sequence[Refusals], *, approved: bool
) -> tuple[list[Plan], list[Refusals]]:
    """Return the plans, and which targets are refused, since a step there would now do more than was planned.

    Nothing is touched. A target that cannot be looked at now is without sight in its plan. Raises StalePlan
    where drift costs the run, and Unavailable where people approved of the whole and a part cannot be seen.
    """
    plans, found = [], []
    for job, plan, before in zip(jobs, kept.plans, refused, strict=True):
        now = {target.target: target for target in plan_job(workspace, job, only=kept.only).targets}
        stale = {target.target: _drift(target, now[target.target], job) for target in plan.targets}
        refusals = {name: error for name, error in stale.items() if error is not None}
        blind = {
            target.target: target.without_sight(why)
            for target in plan.targets
            if (why := now[target.target].unseen) is not None
        }
        if approved:
            _refuse_unseen(blind)
        plans.append(without_sight_of(plan, blind))
        found.append(costs(job, {**refusals, **before}, approved=approved))
    return plans, found


def _refuse_unseen(blind: dict[str, TargetPlan]) -> None:
    for name, target in blind.items():
        if target.unseen is not None:
            raise Unavailable(f"{name}: {target.unseen.cause}", remedy=target.unseen.remedy)


def _drift(planned: TargetPlan, now: TargetPlan, job: Job) -> CutterError | None:
    if now.unseen is not None:
        return None
    for fact, was in planned.facts.items():
        if now.facts.get(fact) != was:
            cause = f"its {fact} is {now.facts.get(fact)} now, and was {was} when the plan was made"
            return StalePlan(cause, remedy=AGAIN)
    if [step.id for step in planned.steps] != [step.id for step in now.steps]:
        return StalePlan(f"{job.path} has other steps now: a variable changed", remedy=AGAIN)
    excess = (_excess(*pair) for pair in zip(planned.steps, now.steps, strict=True))
    return next((error for error in excess if error is not None), None)


def _excess(planned: PlannedStep, now: PlannedStep) -> StalePlan | None:
    if planned.look.prediction is Prediction.UNKNOWN or now.look.prediction is Prediction.UNKNOWN:
        return None
    if now.look.prediction is Prediction.BLOCKED or _exceeds(now.look.change, planned.look.change):
        beyond = ", ".join(sorted(now.look.change.keys - planned.look.change.keys)) or now.look.reason
        cause = f"{now.id} drifted since the plan was made" + (f": {beyond}" if beyond else "")
        return StalePlan(cause, remedy=AGAIN)
    return None


def _exceeds(now: Change, planned: Change) -> bool:
    """Tell whether more would happen than was planned, such as altering what was to be made."""
    if now.empty:
        return False
    appeared = planned.before is None and now.before is not None
    another = now.removes and now.before != planned.before
    return appeared or another or not now.within(planned)


def _refuse_other_targets(plan: Plan, job: Job) -> None:
    names = [bound.target for bound in job.bound]
    planned = [target.target for target in plan.targets]
    if names != planned:
        cause = f"the plan is for {', '.join(planned)}; the runbook now names {', '.join(names)}"
        raise WrongTarget(cause, remedy=AGAIN)
    for target, bound in zip(plan.targets, job.bound, strict=True):
        hashes = {step.id: step.content_hash for step in (*bound.preflight, *bound.steps)}
        for step in (*target.preflight, *target.steps):
            if hashes.get(step.id) != step.content_hash:
                cause = f"{step.id} is declared otherwise now: a variable or a file it uses changed"
                raise StalePlan(cause, remedy=AGAIN)


def _other_machines(workspace: Workspace, plan: Plan) -> Refusals:
    targets = [workspace.target(target.target) for target in plan.targets]
    strands = [Strand(target, partial(_identity, target)) for target in targets]
    found: dict[str, CutterError] = {}
    for planned, identity in zip(plan.targets, answers(strands, Unheeded(), workspace.parallel), strict=True):
        if identity and identity != planned.identity:
            cause = f"it is {identity} now; the plan was made for {planned.identity}"
            found[planned.target] = WrongTarget(cause, remedy=AGAIN)
    return found


def _identity(target: Target, stop: Stop) -> Iterator[str]:
    """Yield which machine a target is; nothing where one apart does not answer, which its look will tell."""
    del stop
    try:
        yield target.identity()
    except CutterError:
        if not target.apart:
            raise
        yield ""
