"""What stands in the way of a run, target by target, and whether it costs that target alone or the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cutter.app.planning import earlier_work
from cutter.app.workspace import Job, Workspace
from cutter.errors import (
    ApprovalRefused,
    BackupFailed,
    ConfigurationError,
    CutterError,
    GapOpen,
    LedgerError,
    PermissionRefused,
    PreconditionError,
    Unavailable,
)
from cutter.model.plan import Plan, PlannedStep, TargetPlan

Refusals = Mapping[str, CutterError]
"""Why nothing may be begun on a target, by its name; its cause does not name the target."""

_GATES: Mapping[int, type[CutterError]] = {
    kind.exit_code: kind for kind in (ApprovalRefused, BackupFailed, GapOpen, LedgerError)
}
"""What keeps its exit code in a preflight too, where the rest is a precondition that does not hold."""
_REFUSALS: Mapping[int, type[CutterError]] = {
    **{kind.exit_code: kind for kind in (Unavailable, ConfigurationError, PermissionRefused)},
    **_GATES,
}


def all_unmet(workspace: Workspace, jobs: Sequence[Job], plans: Sequence[Plan]) -> list[Refusals]:
    """Return, for each runbook of one command, the targets on which it may not be begun as planned.

    A preflight that an earlier runbook of the command may yet make hold is judged when its turn comes.
    """
    return [
        unmet_on(workspace, job, plan, preflight_later=bool(earlier_work(jobs, plans, index)))
        for index, (job, plan) in enumerate(zip(jobs, plans, strict=True))
    ]


def unmet_on(workspace: Workspace, job: Job, plan: Plan, *, preflight_later: bool = False) -> Refusals:
    """Return the targets with a preflight step that does not hold, or something in the way of a step."""
    found: dict[str, CutterError] = {}
    for target in plan.targets:
        is_preflight = bool(target.unmet) and not preflight_later
        steps = target.unmet if is_preflight else target.blocked
        if steps:
            found[target.target] = _refusal(workspace, job, steps, is_preflight=is_preflight)
    return found


def costs(job: Job, found: Refusals, *, approved: bool = False) -> Refusals:
    """Return the refusals where each costs its own target alone. Raises the first where they cost the run.

    They do where all its targets are refused, under a kill switch, and where people signed for the whole.
    """
    together = approved or job.runbook.kill_switch is not None
    if found and (together or len(found) == len(job.bound)):
        raise of_the_run(found)
    return found


def first_refusal(jobs: Sequence[Job], found: Sequence[Refusals]) -> CutterError | None:
    """Return what would refuse an apply of these runbooks as a whole, or None."""
    for job, refusals in zip(jobs, found, strict=True):
        try:
            costs(job, refusals)
        except CutterError as error:
            return error
    return None


def pending_beside(plan: Plan, refused: Refusals) -> int:
    """Return how many steps may change something on the targets that are not refused."""
    return sum(len(target.pending) for target in plan.targets if target.target not in refused)


def unprepared(plans: Sequence[Plan], found: Sequence[Refusals]) -> tuple[str, ...]:
    """Return the targets that need a Python before they can be looked at, without those that are refused."""
    pairs = zip(plans, found, strict=True)
    lacking = [(target.target, refused) for plan, refused in pairs for target in plan.targets if target.first]
    return tuple(dict.fromkeys(name for name, refused in lacking if name not in refused))


def lost(plans: Sequence[Plan], found: Sequence[Refusals]) -> list[frozenset[str]]:
    """Return, for each runbook, the targets on which nothing can be done, as far as is known already."""
    unseen = ({target.target for target in plan.targets if target.unseen is not None} for plan in plans)
    return [frozenset({*refused, *names}) for refused, names in zip(found, unseen, strict=True)]


def without_sight_of(plan: Plan, unseen: Mapping[str, TargetPlan]) -> Plan:
    """Return a plan in which these targets, by name, are as they could not be looked at now."""
    return plan._replace(targets=tuple(unseen.get(target.target, target) for target in plan.targets))


def of_the_run(found: Refusals) -> CutterError:
    """Return what is said where the first of these refuses all that was asked for."""
    (name, error), more = next(iter(found.items())), len(found) - 1
    also = f" (and {more} more target{'s' if more > 1 else ''})" if more else ""
    cause = f"{name}: {error.cause}{also}"
    return type(error)(cause, place=error.place, world=error.world, remedy=error.remedy)


def _refusal(
    workspace: Workspace, job: Job, steps: Sequence[PlannedStep], *, is_preflight: bool
) -> CutterError:
    """Return the error that says what stands in the way, and which runbook provides what is missing."""
    from cutter.report.plan_text import unmet

    step = steps[0]
    more = f" (and {len(steps) - 1} more)" if len(steps) > 1 else ""
    kind = "preflight" if is_preflight else "step"
    remedy = step.look.remedy
    if step.provided_by:
        folder = job.path.rpartition("/")[0]
        remedy = workspace.command("apply", f"{folder}/{step.provided_by}" if folder else step.provided_by)
    known = _GATES if is_preflight else _REFUSALS
    raised = known.get(step.look.exit_code, PreconditionError)
    return raised(f"{kind} {step.id}: {unmet(step)}{more}", place=job.path, remedy=remedy)
