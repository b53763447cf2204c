"""Which steps are for a target, as its facts say; and the steps that need one which is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cutter.agent import StepRequest, depends_on
from cutter.engine.target import Target
from cutter.errors import PreconditionError
from cutter.model.plan import Look, Prediction
from cutter.model.runbook import BoundStep
from cutter.model.when import LeftOut, unfit


class Fitted(NamedTuple):
    """The steps that are for a target, in their order, and those that are left out there."""

    steps: tuple[BoundStep, ...]
    left_out: tuple[LeftOut, ...]


def facts_of(target: Target, steps: Iterable[BoundStep]) -> Mapping[str, str]:
    """Return the facts on which these steps depend; a target is asked only when there are any."""
    names = sorted({term.fact for step in steps for term in step.when})
    return target.facts(names) if names else {}


def fitted(steps: Sequence[BoundStep], facts: Mapping[str, str]) -> Fitted:
    """Judge each step by the facts."""
    reasons = [unfit(step.when, facts) for step in steps]
    found = list(zip(steps, reasons, strict=True))
    left_out = (LeftOut(step.id, step.content_hash, why) for step, why in found if why)
    return Fitted(tuple(step for step, why in found if not why), tuple(left_out))


def bereft(step: BoundStep, left_out: Iterable[LeftOut]) -> Look | None:
    """Return a look that says what is in the way of a step: what it uses, a left out step would give."""
    needed = depends_on(StepRequest(step.id, step.type, step.params, step.content_hash))
    missing = next((each for each in left_out if each.step in needed), None)
    if missing is None:
        return None
    reason = f"it uses {missing.step}, which is not for this host: {missing.reason}"
    remedy = f"give it the same when, at {step.place}"
    code = PreconditionError.exit_code
    return Look(step.id, Prediction.BLOCKED, reason=reason, remedy=remedy, exit_code=code)
