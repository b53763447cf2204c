"""Which steps are for a target, as its facts say; and the steps that need one which is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from cutter.agent.requests import StepRequest, depends_on
from cutter.engine.target import Target
from cutter.errors import PreconditionError
from cutter.model.look import Look, Prediction
from cutter.model.runbook import BoundStep
from cutter.model.when import LeftOut, unfit
from cutter.named_tuple import NamedTuple


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


def bereft(step: BoundStep, left_out: Collection[LeftOut]) -> Look | None:
    """Return a look that says what is in the way of a step that needs one which is left out, or None.

    It may use an output of it. Or it is to act when others change, and none of these is for this host.
    """
    needed = depends_on(StepRequest(step.id, step.type, step.params, step.content_hash))
    for missing in left_out:
        if missing.step in needed:
            return _blocked(step, f"it uses {missing.step}, which is not for this host: {missing.reason}")
    gone = [each.step for each in left_out]
    for duty in step.duties:
        if duty.on and all(_is_among(name, gone) for name in duty.on):
            return _blocked(
                step, f"{', '.join(duty.on)} would ask for its {duty.act}, and is not for this host"
            )
    return None


def _is_among(name: str, steps: Collection[str]) -> bool:
    """Tell whether a step is one of others, or each of these names stands for a loop and its items."""
    return any(name in {step, step.partition("[")[0]} or step == name.partition("[")[0] for step in steps)


def _blocked(step: BoundStep, reason: str) -> Look:
    remedy = f"give it the same hosts and when, at {step.place}"
    code = PreconditionError.exit_code
    return Look(step.id, Prediction.BLOCKED, reason=reason, remedy=remedy, exit_code=code)
