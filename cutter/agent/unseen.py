"""A target that could not be looked at: why, and what that means for its steps."""

from __future__ import annotations

from typing import Union

from cutter.agent.requests import Request
from cutter.errors import CutterError
from cutter.model.evidence import Evidence, Outcome
from cutter.model.plan import PlannedStep, Unseen


def unseen(error: CutterError) -> Unseen:
    """Return why, from the complaint of the way there."""
    return Unseen(error.cause, error.remedy, error.exit_code)


def unobservable(step: Union[Request, PlannedStep], why: Unseen) -> Evidence:
    """Return the evidence of a step that nobody could look at, and nobody began."""
    return Evidence(
        step.id,
        step.type,
        step.content_hash,
        Outcome.UNOBSERVABLE,
        reason=why.cause,
        remedy=why.remedy,
        refusal=why.exit_code,
    )
