"""The evidence of a step that nothing was done about: it was only looked at, or never begun."""

from __future__ import annotations

from cutter.agent.requests import Request, StepRequest
from cutter.agent.words import named
from cutter.errors import ConfigurationError, Unavailable
from cutter.model.evidence import Evidence, Outcome
from cutter.model.look import Look, Prediction


def drift_of(look: Look, step: StepRequest) -> Evidence:
    """Return what a look alone says of a step: ok, drifted, or why it could not be seen."""
    outcome = {
        Prediction.NO_CHANGE: Outcome.OK,
        Prediction.CHANGE: Outcome.DRIFTED,
        Prediction.UNKNOWN: Outcome.DRIFTED,
        Prediction.BLOCKED: Outcome.UNOBSERVABLE
        if look.exit_code in (Unavailable.exit_code, ConfigurationError.exit_code)
        else Outcome.DRIFTED,
    }[look.prediction]
    drift = look.prediction is Prediction.CHANGE
    return Evidence(
        step=step.id,
        type=step.type,
        content_hash=step.content_hash,
        outcome=outcome,
        before=look.before,
        after=look.after,
        observed=look.before,
        keys=tuple(sorted(look.change.keys)) if drift else (),
        reason=look.reason or (f"differs in {named(look.change)}" if drift else ""),
        remedy=look.remedy,
        outputs=dict(look.outputs) or None,
        settled=look.settled,
    )


def skipped(step: Request, reason: str) -> Evidence:
    """Return the evidence of a step that was never begun."""
    return Evidence(step.id, step.type, step.content_hash, Outcome.SKIPPED, reason=reason)
