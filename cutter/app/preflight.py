"""The go / no-go of a run: every condition, looked at now; what the run sees to itself, by which step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from cutter.app.planning import plan_job
from cutter.app.preflight_database import backup_conditions, database_conditions
from cutter.app.preflight_signatures import authority_condition, signature_condition
from cutter.app.workspace import Job, Workspace
from cutter.errors import CutterError, GapOpen, PreconditionError
from cutter.ledger.vouching import refuse_broken
from cutter.model.condition import Condition, held, in_the_run, missing
from cutter.model.plan import PlannedStep, TargetPlan
from cutter.model.runbook import BoundRunbook
from cutter.report.plan_text import unmet


def has_conditions(job: Job) -> bool:
    """Tell whether a runbook has more conditions than its preflight steps: a gate, or a kill switch."""
    types = {step.type for step in (*job.runbook.preflight, *job.runbook.steps)}
    return job.runbook.kill_switch is not None or "gate" in types


def conditions(workspace: Workspace, job: Job, request: str = "") -> Iterator[Condition]:
    """Yield every condition of a run; `request` is the file of its request, where there is one.

    Nothing is raised for what cannot be looked at: that is a condition which does not hold.
    """
    yield from _seen("ledger", _ledger, workspace)
    for bound in job.bound:
        types = {step.type for step in (*bound.preflight, *bound.steps)}
        if "gate" in types:
            yield from _seen("gaps", _gaps, workspace, bound)
        if job.runbook.kill_switch is not None or "approval" in types:
            yield from _seen("authority", authority_condition, workspace, bound)
            yield from _seen(
                "signatures", signature_condition, workspace, job, request, by_step(bound, "approval")
            )
        yield from _seen("database", database_conditions, workspace, job, bound)
        if "backup" in types:
            yield from _seen("backup", backup_conditions, workspace, job, by_step(bound, "backup"))
    yield from _seen("steps", _steps, workspace, job)


def by_step(bound: BoundRunbook, kind: str) -> str:
    """Return the first step of a type in words, like ``by step 2, backup``; nothing where there is none."""
    return next((_numbered(bound, step.id) for step in bound.steps if step.type == kind), "")


def _numbered(bound: BoundRunbook, step: str) -> str:
    return f"by step {[each.id for each in bound.steps].index(step) + 1}, {step}"


def _seen(name: str, look: Callable[..., Iterator[Condition]], *words: object) -> Iterator[Condition]:
    """Yield what a look yields; a complaint of it is a condition that does not hold."""
    try:
        yield from look(*words)
    except CutterError as error:
        place = f"{error.place}: " if error.place and error.place not in error.cause else ""
        fix = error.remedy or f"cutter explain {error.exit_code}"
        yield missing(name, place + error.cause, fix, error.exit_code)


def _ledger(workspace: Workspace) -> Iterator[Condition]:
    with workspace.read_ledger() as ledger:
        refuse_broken(ledger)
    yield held("ledger", "every link of its chain holds")


def _gaps(workspace: Workspace, bound: BoundRunbook) -> Iterator[Condition]:
    name = bound.runbook.name
    found = workspace.look_at_gaps(name, "", inside=False)
    for gap in found.open:
        yield missing(f"gap {gap.gap}", gap.action, gap.command, GapOpen.exit_code)
    for gap_id in found.closed:
        ids = [step.id for step in bound.steps]
        own = [step for step in found.own.get(gap_id, ()) if step in ids]
        if own:
            last = max(own, key=ids.index)
            yield in_the_run(f"gap {gap_id}", "the rest is in the run", _numbered(bound, last))
        else:
            yield held(f"gap {gap_id}", "closed, and a fresh look agrees")


def _steps(workspace: Workspace, job: Job) -> Iterator[Condition]:
    """Yield the preflight steps, but the gates, and what stands in the way of a step."""
    for target in plan_job(workspace, job).targets:
        for step in target.preflight:
            if step.type != "gate":
                yield _preflight(workspace, job, target, step)
        for step in target.blocked:
            look = step.look
            yield missing(f"step {step.id}", look.reason, look.remedy, look.exit_code)


def _preflight(workspace: Workspace, job: Job, target: TargetPlan, step: PlannedStep) -> Condition:
    name = f"preflight {step.id}"
    if step not in target.unmet:
        return held(name, step.name)
    fix = step.look.remedy
    if step.provided_by:
        fix = workspace.command("apply", os.path.join(os.path.dirname(job.path), step.provided_by))
    return missing(name, unmet(step), fix, PreconditionError.exit_code)
