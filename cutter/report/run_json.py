"""Plans and runs for programs; `version` is the version of these shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cutter.model.evidence import Evidence
from cutter.model.plan import Plan

VERSION = 1


def plan_body(plan: Plan, title: str) -> dict[str, Any]:
    """Return a plan: the canonical body, with its digest, title and what stands in the way."""
    refused = {target.target: [step.id for step in target.refused] for target in plan.targets}
    return {**plan.body(), "title": title, "digest": plan.digest, "pending": plan.pending, "refused": refused}


def plans_body(environment: Mapping[str, Any], plans: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the plans of one command."""
    return {"version": VERSION, "environment": dict(environment), "plans": list(plans)}


def runs_body(
    environment: Mapping[str, Any], runs: Iterable[Mapping[str, Any]], exit_code: int
) -> dict[str, Any]:
    """Return the runs of one command and the exit code it ends with."""
    return {"version": VERSION, "environment": dict(environment), "runs": list(runs), "exit_code": exit_code}


def target_body(
    target: str,
    identity: str,
    evidence: Iterable[Evidence],
    compensation: Iterable[Evidence] = (),
    manual: Iterable[str] = (),
    *,
    left: Iterable[str] = (),
) -> dict[str, Any]:
    """Return what came of every step on one target, and what was and was not taken back after a failure.

    `left` are lines about earlier runs that had broken off there.
    """
    taken_back = {"compensation": [item.body() for item in compensation], "manual": list(manual)}
    taken_back["left"] = list(left)
    told = {name: value for name, value in taken_back.items() if value}
    return {"target": target, "identity": identity, "steps": [item.body() for item in evidence], **told}
