"""Take back what a run changed: the inverse changes, newest first, each followed by a fresh look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cutter.agent.duties import in_order
from cutter.agent.requests import RevertRequest
from cutter.model.evidence import Evidence, Outcome


def inverse_steps(evidence: Iterable[Evidence]) -> tuple[RevertRequest, ...]:
    """Return what would take back what a run did to each step, newest first; who reads a thing comes later.

    A step that the run itself put back needs nothing; what became of an unknown one nobody can take back.
    """
    first: dict[str, Evidence] = {}
    last: dict[str, Evidence] = {}
    for item in evidence:
        if item.touched and item.outcome is not Outcome.UNKNOWN:
            first.setdefault(item.step, item)
            last.pop(item.step, None)
            last[item.step] = item
    return in_order(
        [
            _inverse(first[step], item)
            for step, item in reversed(last.items())
            if not _put_back(first[step], item)
        ]
    )


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


def _put_back(first: Evidence, last: Evidence) -> bool:
    return last is not first and last.outcome is Outcome.COMPENSATED and last.observed == first.before


def _inverse(first: Evidence, last: Evidence) -> RevertRequest:
    return RevertRequest(
        id=last.step,
        type=last.type,
        params=last.params or {},
        content_hash=last.content_hash,
        expected=last.observed,
        goal=first.before,
        confirm=last.confirm or first.confirm or 0,
    )


def _by_hand(request: RevertRequest) -> str:
    place = next((str(request.params[name]) for name in ("path", "home") if name in request.params), "")
    if not place:
        return f"take back what this {request.type} step did"
    if request.goal is None:
        return f"remove {place}, which the run made"
    attributes = ", ".join(f"{key} {value}" for key, value in sorted(request.goal.items()))
    return f"put {place} back to {attributes}"
