"""A bound runbook and its target to a plan: three answers per step, nothing touched."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cutter.agent.requests import StepRequest, depends_on
from cutter.agent.unseen import unseen
from cutter.engine.fitting import bereft, facts_of, fitted
from cutter.engine.target import Target
from cutter.errors import CutterError, PreconditionError, Unprepared, UsageError
from cutter.model.look import Look, Prediction
from cutter.model.plan import Plan, PlannedStep, TargetPlan
from cutter.model.runbook import BoundRunbook, BoundStep
from cutter.model.when import LeftOut


def plan_target(
    bound: BoundRunbook,
    target: Target,
    *,
    only: Collection[str] = (),
    preview: bool = False,
    anew: bool = True,
) -> TargetPlan:
    """Look at every step on one target and return the plan.

    With `anew`, a plan that has anything to do makes the events of each run once more; without, it tells only
    what differs.

    `only` restricts the plan to the steps named (declared or bound ids) and those whose outputs they use;
    the latter must need no change. One that is not for this target is left out. Raises UsageError for an
    unknown step, PreconditionError for an unmet one.
    """
    elsewhere = [
        each for each in bound.left_out if not only or each.step in only or _is_looked_at(each, bound)
    ]
    plan = _looked_at(bound, selected(bound, only), target, elsewhere, preview=preview, anew=anew)
    if anew and plan.pending:
        plan = plan._replace(steps=tuple(map(_anew, plan.steps)))
    _refuse_pending_sources(plan, only)
    return plan


def preflight_target(bound: BoundRunbook, target: Target) -> TargetPlan:
    """Look only at what must hold before the runbook may run."""
    elsewhere = [each for each in bound.left_out if _is_looked_at(each, bound)]
    return _looked_at(bound, (), target, elsewhere, preview=False)


def refuse_for_nobody(plan: Plan, only: Collection[str]) -> None:
    """Raise UsageError for a step named in `only` that is for none of the targets."""
    for name in only:
        if not any(_is_named(step, [name]) for target in plan.targets for step in target.steps):
            left_out = (each for target in plan.targets for each in target.left_out)
            why = next((each.reason for each in left_out if _same(each.step, name)), "none of it is declared")
            cause = f"{name} is for none of these hosts: {why}"
            raise UsageError(cause, remedy="name another step, or other hosts")


def _same(one: str, other: str) -> bool:
    """Tell whether two ids are of one step, or of an item and its loop."""
    return one == other or one.partition("[")[0] == other or one == other.partition("[")[0]


def _is_looked_at(left_out: LeftOut, bound: BoundRunbook) -> bool:
    """Tell whether a step that is left out is one of the preflight."""
    return left_out.step not in bound.declared_ids


def _looked_at(
    bound: BoundRunbook,
    steps: Sequence[BoundStep],
    target: Target,
    elsewhere: Sequence[LeftOut],
    *,
    preview: bool,
    anew: bool = False,
) -> TargetPlan:
    """Return what is seen of a target; one apart that cannot be looked at says so, and costs only itself.

    With `anew`, one that an apply would prepare first says that.
    """
    try:
        identity = target.identity()
        facts = facts_of(target, (*bound.preflight, *steps))
        before, during = fitted(bound.preflight, facts), fitted(steps, facts)
        left_out = (*elsewhere, *before.left_out, *during.left_out)
        return TargetPlan(
            target=target.name,
            identity=identity,
            preflight=_planned(before.steps, target, left_out, preview=False),
            steps=_planned(during.steps, target, left_out, preview=preview),
            left_out=left_out,
            facts=facts,
        )
    except CutterError as error:
        if not target.apart:
            raise
        nothing = Look("", Prediction.UNOBSERVABLE)
        named = tuple(_planned_step(step, nothing) for step in steps)
        plan = TargetPlan(target.name, "", (), named)
        if isinstance(error, Unprepared) and anew:
            return plan.waiting_for(f"{error.cause}: python3 would be installed first")
        return plan.without_sight(unseen(error))


def request_for(step: BoundStep, planned: PlannedStep | None = None) -> StepRequest:
    """Return what the target needs to know of a step; a known answer of the plan must not be exceeded."""
    known = planned is not None and planned.look.prediction is not Prediction.UNKNOWN
    limit = planned.look.change if planned is not None and known else None
    return StepRequest(
        step.id, step.type, step.params, step.content_hash, limit, step.confirm, owed=step.owed
    )


def selected(bound: BoundRunbook, only: Collection[str]) -> tuple[BoundStep, ...]:
    """Return the steps to plan: all, or those named and the steps whose outputs they use."""
    if not only:
        return bound.steps
    elsewhere = [each.step for each in bound.left_out]
    unknown = [name for name in only if not any(_is_named(step, [name]) for step in bound.steps)]
    unknown = [name for name in unknown if name.partition("[")[0] not in elsewhere]
    if unknown:
        known = ", ".join(dict.fromkeys([*(step.declared_id for step in bound.steps), *elsewhere]))
        raise UsageError(f"no step is called {unknown[0]}", remedy=f"the steps are: {known}")
    wanted = {step.id for step in bound.steps if _is_named(step, only)}
    for step in reversed(bound.steps):
        if step.id in wanted:
            wanted.update(depends_on(request_for(step)))
    return tuple(step for step in bound.steps if step.id in wanted)


def _planned(
    steps: Sequence[BoundStep], target: Target, left_out: Sequence[LeftOut], *, preview: bool
) -> tuple[PlannedStep, ...]:
    blocked = {step.id: bereft(step, left_out) for step in steps} if left_out else {}
    asked = [step for step in steps if blocked.get(step.id) is None]
    content = {digest: held for step in asked for digest, held in step.content.items()} if preview else {}
    looks = target.look([request_for(step) for step in asked], content, preview=preview)
    seen = {step.id: look for step, look in zip(asked, looks, strict=True)}
    return tuple(_planned_step(step, blocked.get(step.id) or seen[step.id]) for step in steps)


def _anew(step: PlannedStep) -> PlannedStep:
    return step._replace(look=step.look.anew()) if step.look.each_run else step


def _planned_step(step: BoundStep, look: Look) -> PlannedStep:
    return PlannedStep(
        id=step.id,
        name=step.name,
        type=step.type,
        content_hash=step.content_hash,
        look=look,
        irreversible=step.irreversible,
        confirm=step.confirm,
        provided_by=step.provided_by,
    )


def _refuse_pending_sources(plan: TargetPlan, only: Collection[str]) -> None:
    sources = [step for step in plan.pending if only and not _is_named(step, only)]
    for step in sources:
        raise PreconditionError(
            f"{step.id} is not as declared, and a step named with --only uses its output",
            remedy=f"apply it first: --only {step.id}",
        )


def _is_named(step: BoundStep | PlannedStep, names: Collection[str]) -> bool:
    return step.id in names or step.id.partition("[")[0] in names
