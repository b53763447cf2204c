"""A plan kept in a file: same inputs, same bytes; and an apply of it does exactly it or refuses.

Its seal is a digest, which anybody can make anew: it finds accidents. Signed is the request of a plan, which
names this digest and that of the file's bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cutter.app.planning import is_plan
from cutter.app.publishing import publish
from cutter.app.workspace import Choice, Job, Workspace
from cutter.errors import StalePlan, UsageError, WrongTarget
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.canonical import canonical, digest
from cutter.model.look import Look, Prediction
from cutter.model.plan import Plan, PlannedStep, TargetPlan
from cutter.model.when import LeftOut
from cutter.named_tuple import NamedTuple

FORMAT = "cutter.plan.v1"
_SEAL = "plan-file"
AGAIN = "make a new plan and read it: cutter plan -o FILE"


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
    seal = digest(_SEAL, body)
    publish(path, canonical({**body, "seal": seal}).decode("ascii") + "\n")
    return seal


def read_plan(path: str) -> KeptPlan:
    """Return the plan in a file. Raises StalePlan for a file that is not byte for byte as it was written."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        cause = f"the plan cannot be read: {error.strerror}"
        raise StalePlan(cause, place=path, remedy=AGAIN) from error
    try:
        body = json.loads(content)
        seal = body.pop("seal")
        intact = content == canonical({**body, "seal": seal}) + b"\n" and seal == digest(_SEAL, body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StalePlan("this is not a plan as cutter wrote it", place=path, remedy=AGAIN) from error
    if not intact or body["format"] != FORMAT:
        raise StalePlan("the plan was altered after it was written", place=path, remedy=AGAIN)
    plans = tuple(_plan(item) for item in body["plans"])
    choice = Choice(body["inventory"], body["limit"], tuple(body["variables"]))
    return KeptPlan(choice, tuple(body["only"]), tuple(body["runbooks"]), plans, seal)


def refuse_used(ledger: SqliteLedger, kept: KeptPlan) -> None:
    """Raise StalePlan when the plan was applied before, each of its runbooks to the end and with success."""
    begun = (entry.content() for entry in ledger.entries(kinds={"run"}))
    used = {body["run"]: body["runbook"] for body in begun if body.get("plan_file") == kept.digest}
    ends = (entry.content() for entry in ledger.entries(kinds={"end"})) if used else ()
    done = [body["run"] for body in ends if body["run"] in used and body["exit_code"] == 0]
    if done and {used[run] for run in done} >= {plan.runbook for plan in kept.plans}:
        raise StalePlan(f"the plan was used by run {done[-1]}; a plan is applied once", remedy=AGAIN)


def refuse_other_environment(workspace: Workspace, kept: KeptPlan) -> None:
    """Raise WrongTarget when the plan was made in another environment."""
    name = workspace.environment.name
    for plan in kept.plans:
        if plan.environment != name:
            cause = f"the plan is for the environment {plan.environment}, not {name}"
            raise WrongTarget(cause, remedy=AGAIN)


def _plan(body: Mapping[str, Any]) -> Plan:
    targets = tuple(_target(item) for item in body["targets"])
    return Plan(body["environment"], body["runbook"], body["runbook_digest"], targets)


def _target(body: Mapping[str, Any]) -> TargetPlan:
    preflight, steps = (tuple(_step(item) for item in body[name]) for name in ("preflight", "steps"))
    left_out = tuple(LeftOut(**each) for each in body.get("left_out", ()))
    facts = body.get("facts", {})
    return TargetPlan(body["target"], body["identity"], preflight, steps, left_out=left_out, facts=facts)


def _step(body: Mapping[str, Any]) -> PlannedStep:
    look = Look(body["id"], Prediction(body["prediction"]), body["before"], body["after"], body["reason"])
    return PlannedStep(
        id=body["id"],
        name=body["name"],
        type=body["type"],
        content_hash=body["content_hash"],
        look=look,
        irreversible=body["irreversible"],
        confirm=body.get("confirm", 0),
        provided_by=body["provided_by"],
    )


def checked_output(path: str) -> str:
    """Return the path a plan may be written to. Raises UsageError for what is there and is no plan."""
    if path.endswith((".yml", ".yaml")) or (os.path.lexists(path) and not is_plan(path)):
        raise UsageError(f"a plan is not written over {path}", remedy="name a new file, such as gap5.plan")
    return path
