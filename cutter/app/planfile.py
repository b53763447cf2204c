"""A plan kept in a file: same inputs, same bytes; and an apply of it does exactly it or refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cutter.app.planning import plan_job
from cutter.app.publishing import publish
from cutter.app.workspace import Choice, Job, Workspace
from cutter.errors import StalePlan, UsageError, WrongTarget
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.canonical import bytes_digest, canonical
from cutter.model.plan import Look, Plan, PlannedStep, Prediction, TargetPlan

FORMAT = "cutter.plan.v1"
_AGAIN = "make a new plan and read it: cutter plan -o FILE"


class KeptPlan(NamedTuple):
    """A plan file: what was chosen on the command line, the runbooks' paths, and their plans."""

    choice: Choice
    only: tuple[str, ...]
    paths: tuple[str, ...]
    plans: tuple[Plan, ...]
    digest: str


def write_plan(
    path: str, choice: Choice, only: Sequence[str], jobs: Sequence[Job], plans: Sequence[Plan]
) -> str:
    """Write a plan file and return its digest. Variables given with -e are in it: never a secret."""
    body = {
        "format": FORMAT,
        "inventory": choice.folder,
        "limit": choice.limit,
        "variables": list(choice.extra),
        "only": list(only),
        "runbooks": [job.path for job in jobs],
        "plans": [plan.body() for plan in plans],
    }
    content = canonical(body)
    publish(path, content.decode("ascii") + "\n")
    return bytes_digest(content)


def read_plan(path: str) -> KeptPlan:
    """Return the plan in a file. Raises StalePlan for a file that is not byte for byte as it was written."""
    content = Path(path).read_bytes().rstrip(b"\n")
    try:
        body = json.loads(content)
        intact = body["format"] == FORMAT and canonical(body) == content
        plans = tuple(_plan(item) for item in body["plans"])
        choice = Choice(body["inventory"], body["limit"], tuple(body["variables"]))
        kept = KeptPlan(choice, tuple(body["only"]), tuple(body["runbooks"]), plans, bytes_digest(content))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StalePlan("this is not a plan as cutter wrote it", place=path, remedy=_AGAIN) from error
    if not intact:
        raise StalePlan("the plan was altered after it was written", place=path, remedy=_AGAIN)
    return kept


def refuse_used(ledger: SqliteLedger, kept: KeptPlan) -> None:
    """Raise StalePlan when the plan was applied before, to its end and with success."""
    used = {entry.content()["run"]: entry for entry in ledger.entries(kinds={"run"}) if _names(entry, kept)}
    for entry in ledger.entries(kinds={"end"}) if used else ():
        body = entry.content()
        if body["run"] in used and body["exit_code"] == 0:
            raise StalePlan(f"the plan was used by run {body['run']}; a plan is applied once", remedy=_AGAIN)


def refuse_other_world(workspace: Workspace, kept: KeptPlan, jobs: Sequence[Job]) -> None:
    """Raise WrongTarget for another environment or machine, and StalePlan for another runbook or variable."""
    for job, plan in zip(jobs, kept.plans, strict=True):
        if plan.environment != workspace.environment.name:
            cause = f"the plan is for the environment {plan.environment}, not {workspace.environment.name}"
            raise WrongTarget(cause, remedy=_AGAIN)
        if plan.runbook_digest != job.runbook.digest:
            raise StalePlan(f"the runbook {job.path} changed since the plan was made", remedy=_AGAIN)
        _refuse_other_targets(workspace, plan, job)


def refuse_drift(workspace: Workspace, kept: KeptPlan, jobs: Sequence[Job]) -> None:
    """Raise StalePlan when any step would now do more than was planned, before anything is touched."""
    for job, plan in zip(jobs, kept.plans, strict=True):
        now = plan_job(workspace, job, only=kept.only)
        for planned_target, target in zip(plan.targets, now.targets, strict=True):
            for planned, step in zip(planned_target.steps, target.steps, strict=True):
                _refuse_excess(planned, step)


def _refuse_excess(planned: PlannedStep, now: PlannedStep) -> None:
    if planned.look.prediction is Prediction.UNKNOWN or now.look.prediction is Prediction.UNKNOWN:
        return
    blocked = now.look.prediction is Prediction.BLOCKED
    if blocked or not now.look.change.within(planned.look.change):
        beyond = ", ".join(sorted(now.look.change.keys - planned.look.change.keys)) or now.look.reason
        cause = f"{now.id} drifted since the plan was made" + (f": {beyond}" if beyond else "")
        raise StalePlan(cause, remedy=_AGAIN)


def _refuse_other_targets(workspace: Workspace, plan: Plan, job: Job) -> None:
    names = [bound.target for bound in job.bound]
    planned = [target.target for target in plan.targets]
    if names != planned:
        raise WrongTarget(f"the plan is for {', '.join(planned)}; the runbook now names {', '.join(names)}")
    for target, bound in zip(plan.targets, job.bound, strict=True):
        identity = workspace.target(target.target).identity()
        if identity != target.identity:
            cause = f"{target.target} is {identity}; the plan was made for {target.identity}"
            raise WrongTarget(cause, remedy=_AGAIN)
        hashes = {step.id: step.content_hash for step in bound.steps}
        for step in target.steps:
            if hashes.get(step.id) != step.content_hash:
                cause = f"{step.id} is declared otherwise now: a variable or a file it uses changed"
                raise StalePlan(cause, remedy=_AGAIN)


def _names(entry: Any, kept: KeptPlan) -> bool:
    return bool(entry.content().get("plan_file") == kept.digest)


def _plan(body: Mapping[str, Any]) -> Plan:
    targets = tuple(_target(item) for item in body["targets"])
    return Plan(body["environment"], body["runbook"], body["runbook_digest"], targets)


def _target(body: Mapping[str, Any]) -> TargetPlan:
    preflight, steps = (tuple(_step(item) for item in body[name]) for name in ("preflight", "steps"))
    return TargetPlan(body["target"], body["identity"], preflight, steps)


def _step(body: Mapping[str, Any]) -> PlannedStep:
    look = Look(body["id"], Prediction(body["prediction"]), body["before"], body["after"], body["reason"])
    return PlannedStep(
        id=body["id"],
        name=body["name"],
        type=body["type"],
        content_hash=body["content_hash"],
        look=look,
        irreversible=body["irreversible"],
        provided_by=body["provided_by"],
    )


def checked_output(path: str) -> str:
    """Return the path a plan may be written to. Raises UsageError for a folder or a runbook."""
    if os.path.isdir(path) or path.endswith((".yml", ".yaml")):
        raise UsageError(f"a plan is not written over {path}", remedy="name a new file, such as gap5.plan")
    return path
