"""Plan and preflight: look at every target, touch nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence

from cutter.app.owing import owed_to, owing_there
from cutter.app.workspace import Job, Workspace
from cutter.engine.planner import plan_target, preflight_target, refuse_for_nobody
from cutter.engine.side_by_side import Strand, answers
from cutter.engine.stopping import Stop, Unheeded
from cutter.engine.target import Target
from cutter.model.plan import Plan, TargetPlan
from cutter.model.runbook import BoundRunbook


def plan_job(
    workspace: Workspace, job: Job, *, only: Collection[str] = (), preview: bool = False, anew: bool = True
) -> Plan:
    """Return the plan of one runbook on all its targets; without `anew` only what differs is pending.

    Raises UsageError for a step in `only` that is not there, or is for none of the targets.
    """
    found = owed_to(workspace, job)

    def look(bound: BoundRunbook, target: Target) -> TargetPlan:
        bound = owing_there(bound, found, target)
        return plan_target(bound, target, only=only, preview=preview, anew=anew)

    plan = _plan(workspace, job, _looked_at(workspace, job, look))
    refuse_for_nobody(plan, only)
    return plan


def preflight_job(workspace: Workspace, job: Job) -> Plan:
    """Return a plan that holds only what must be true before the runbook may run."""
    return _plan(workspace, job, _looked_at(workspace, job, preflight_target))


def _looked_at(
    workspace: Workspace, job: Job, look: Callable[[BoundRunbook, Target], TargetPlan]
) -> list[TargetPlan]:
    """Return what is seen of every target, side by side, in their order."""
    strands = [_strand(workspace, bound, look) for bound in job.bound]
    return answers(strands, Unheeded(), workspace.parallel)


def _strand(
    workspace: Workspace, bound: BoundRunbook, look: Callable[[BoundRunbook, Target], TargetPlan]
) -> Strand[TargetPlan]:
    target = workspace.target(bound.target)

    def begin(stop: Stop) -> Iterator[TargetPlan]:
        del stop
        yield look(bound, target)

    return Strand(target, begin)


def is_plan(path: str) -> bool:
    """Tell whether a file holds a plan, perhaps an altered one, and not a runbook.

    Of a file that is not there its name tells.
    """
    if not os.path.isfile(path):
        return path.endswith(".plan") and not os.path.lexists(path)
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


def _plan(workspace: Workspace, job: Job, targets: Sequence[TargetPlan]) -> Plan:
    return Plan(workspace.environment.name, job.runbook.name, job.runbook.digest, tuple(targets))
