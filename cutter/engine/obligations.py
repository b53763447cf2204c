"""What a run may come to owe, such as a restart: written down before the first effect that asks for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cutter.model.evidence import Evidence, Outcome
from cutter.model.runbook import BoundStep
from cutter.named_tuple import NamedTuple


class Owed(NamedTuple):
    """By duty, the steps about to be applied that it listens to; and evidence that may not hold any more.

    The latter is of steps that owe something and have no part in the run.
    """

    duties: dict[str, list[str]]
    doubted: tuple[Evidence, ...] = ()


NOTHING = Owed({})


def owed_by(steps: Sequence[BoundStep], planned: Collection[str], pending: Collection[str]) -> Owed:
    """Return what the steps of a runbook may come to owe when the pending ones, of those planned, change."""
    found = [(step, duty, duty.asked_by(sorted(pending))) for step in steps for duty in step.duties]
    duties: dict[str, list[str]] = {}
    for _, duty, on in found:
        if on:
            duties[str(duty)] = sorted({*duties.get(str(duty), ()), *on})
    doubted = [_doubt(step, str(duty), on) for step, duty, on in found if on and step.id not in planned]
    return Owed(duties, tuple(doubted))


def _doubt(step: BoundStep, duty: str, on: Sequence[str]) -> Evidence:
    reason = f"a {duty} is owed as soon as {', '.join(on)} changes, and this step has no part in the run"
    remedy = "apply the whole runbook"
    return Evidence(step.id, step.type, step.content_hash, Outcome.DRIFTED, reason=reason, remedy=remedy)
