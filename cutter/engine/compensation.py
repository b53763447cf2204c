"""Take back what a run changed: the inverse changes, newest first, each followed by a fresh look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cutter.agent import RevertRequest
from cutter.model.evidence import Evidence, Outcome


def inverse_steps(evidence: Iterable[Evidence]) -> tuple[RevertRequest, ...]:
    """Return what would take back every step that touched its target, newest first."""
    touched = [item for item in evidence if has_effect(item)]
    return tuple(_inverse(item) for item in reversed(touched))


def has_effect(evidence: Evidence) -> bool:
    """Tell whether a step left its target different from what it found."""
    changed = evidence.outcome is Outcome.CHANGED
    return changed or (evidence.outcome is Outcome.FAILED and evidence.observed != evidence.before)


def recorded(body: Mapping[str, Any]) -> Evidence:
    """Return evidence as the ledger has it."""
    names = set(Evidence._fields) & set(body)
    fields = {name: body[name] for name in names}
    fields["keys"] = tuple(fields.get("keys", ()))
    return Evidence(**{"type": "", **fields, "outcome": Outcome(body["outcome"])})


def manual_steps(requests: Sequence[RevertRequest], evidence: Sequence[Evidence]) -> list[str]:
    """Return, for a person, what is left to be put back by hand after a compensation that failed."""
    by_step = {request.id: request for request in requests}
    left = [item for item in evidence if item.outcome is not Outcome.COMPENSATED]
    return [f"{item.step}: {_by_hand(by_step[item.step])}" for item in left]


def _inverse(evidence: Evidence) -> RevertRequest:
    return RevertRequest(
        id=evidence.step,
        type=evidence.type,
        params=evidence.params or {},
        content_hash=evidence.content_hash,
        expected=evidence.observed,
        goal=evidence.before,
    )


def _by_hand(request: RevertRequest) -> str:
    place = next(
        (str(request.params[name]) for name in ("path", "home", "name") if name in request.params), "it"
    )
    if request.goal is None:
        return f"remove {place}, which the run made"
    attributes = ", ".join(f"{key} {value}" for key, value in sorted(request.goal.items()))
    return f"put {place} back to {attributes}"
