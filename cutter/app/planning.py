"""Plan and preflight: look at every target, touch nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial

from cutter.app.workspace import Job, Workspace
from cutter.engine.planner import plan_target, preflight_target
from cutter.engine.side_by_side import Strand, side_by_side
from cutter.engine.stopping import Stop, Unheeded
from cutter.engine.target import Target
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
from cutter.model.runbook import BoundRunbook

_GATES: Mapping[int, type[CutterError]] = {
    kind.exit_code: kind for kind in (ApprovalRefused, BackupFailed, GapOpen, LedgerError)
}
"""What keeps its exit code in a preflight too, where the rest is a precondition that does not hold."""
_REFUSALS: Mapping[int, type[CutterError]] = {
    **{kind.exit_code: kind for kind in (Unavailable, ConfigurationError, PermissionRefused)},
    **_GATES,
}


def plan_job(
    workspace: Workspace, job: Job, *, only: Collection[str] = (), preview: bool = False, anew: bool = True
) -> Plan:
    """Return the plan of one runbook on all its targets; without `anew` only what differs is pending."""
    look = partial(plan_target, only=only, preview=preview, anew=anew)
    return _plan(workspace, job, _looked_at(workspace, job, look))


def preflight_job(workspace: Workspace, job: Job) -> Plan:
    """Return a plan that holds only what must be true before the runbook may run."""
    return _plan(workspace, job, _looked_at(workspace, job, preflight_target))


def _looked_at(
    workspace: Workspace, job: Job, look: Callable[[BoundRunbook, Target], TargetPlan]
) -> list[TargetPlan]:
    """Return what is seen of every target, side by side, in their order."""
    strands = [_strand(workspace, bound, look) for bound in job.bound]
    found: dict[int, TargetPlan] = {}
    with closing(side_by_side(strands, Unheeded(), workspace.parallel)) as portions:
        for portion in portions:
            found.update(portion)
    return [found[index] for index in range(len(strands))]


def _strand(
    workspace: Workspace, bound: BoundRunbook, look: Callable[[BoundRunbook, Target], TargetPlan]
) -> Strand[TargetPlan]:
    target = workspace.target(bound.target)

    def begin(stop: Stop) -> Iterator[TargetPlan]:
        del stop
        yield look(bound, target)

    return Strand(target, begin)


def is_plan(path: str) -> bool:
    """Tell whether a file holds a plan, perhaps an altered one, and not a runbook."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return head.startswith(b"{") or b'"cutter.plan.' in head


def earlier_work(jobs: Sequence[Job], plans: Sequence[Plan], index: int) -> str:
    """Return the path of an earlier runbook of the same command that has something to do, or nothing."""
    earlier = [job.path for job, plan in zip(jobs[:index], plans[:index], strict=True) if plan.pending]
    return earlier[-1] if earlier else ""


def first_refusal(workspace: Workspace, jobs: Sequence[Job], plans: Sequence[Plan]) -> CutterError | None:
    """Return what would refuse an apply of these runbooks in this order, or None."""
    for index, (job, plan) in enumerate(zip(jobs, plans, strict=True)):
        try:
            refuse_unmet(workspace, job, plan, preflight_later=bool(earlier_work(jobs, plans, index)))
        except CutterError as refusal:
            return refusal
    return None


def refuse_unmet(workspace: Workspace, job: Job, plan: Plan, *, preflight_later: bool = False) -> None:
    """Raise for the first preflight step that does not hold, or the first step something is in the way of.

    `preflight_later`: an earlier runbook of the same command has yet to be applied, so preflight is judged
    after it.
    """
    for target in plan.targets:
        is_preflight = bool(target.unmet) and not preflight_later
        for step in target.unmet if is_preflight else target.blocked:
            raise refusal(workspace, job, target, step, is_preflight=is_preflight)


def refusal(
    workspace: Workspace, job: Job, target: TargetPlan, step: PlannedStep, *, is_preflight: bool
) -> CutterError:
    """Return the error that says what stands in the way, and which runbook provides what is missing."""
    from cutter.report.plan_text import unmet

    number = len(target.unmet if is_preflight else target.blocked)
    more = f" (and {number - 1} more)" if number > 1 else ""
    kind = "preflight" if is_preflight else "step"
    remedy = step.look.remedy
    if step.provided_by:
        folder = job.path.rpartition("/")[0]
        remedy = workspace.command("apply", f"{folder}/{step.provided_by}" if folder else step.provided_by)
    known = _GATES if is_preflight else _REFUSALS
    raised = known.get(step.look.exit_code, PreconditionError)
    cause = f"{kind} {step.id} on {target.target}: {unmet(step)}{more}"
    return raised(cause, place=job.path, remedy=remedy)


def _plan(workspace: Workspace, job: Job, targets: Sequence[TargetPlan]) -> Plan:
    return Plan(workspace.environment.name, job.runbook.name, job.runbook.digest, tuple(targets))
