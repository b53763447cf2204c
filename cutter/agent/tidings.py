"""What an agent says while it applies: evidence, and how it stands with what is armed. Travels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from cutter.agent.wire import plain
from cutter.model.evidence import Evidence, Outcome
from cutter.named_tuple import NamedTuple


class Arming(NamedTuple):
    """A group is armed, and its first step is about to be begun; `left` are the seconds to confirm it."""

    name: str
    left: float
    steps: tuple[str, ...]


class Armed(NamedTuple):
    """All steps of the group are applied, and it can be confirmed; that also gives their evidence."""

    name: str


class Decided(NamedTuple):
    """A step of the group failed, and all of it was taken back; what came of each step follows."""

    name: str


Told = Union[Evidence, Arming, Armed, Decided]


def told_body(told: Told) -> Mapping[str, Any]:
    """Return what was said as JSON values."""
    if isinstance(told, Evidence):
        return evidence_body(told)
    return {type(told).__name__.lower(): list(told)}


def told_of(body: Mapping[str, Any]) -> Told:
    """Return what a body says."""
    if "arming" in body:
        name, left, steps = body["arming"]
        return Arming(name, left, tuple(steps))
    if "armed" in body:
        return Armed(*body["armed"])
    return Decided(*body["decided"]) if "decided" in body else evidence_of(body)


def evidence_body(evidence: Evidence) -> Mapping[str, Any]:
    """Return evidence, without what says nothing."""
    found = {**evidence._asdict(), "outcome": evidence.outcome.value, "keys": list(evidence.keys)}
    return {key: plain(value) for key, value in found.items() if value not in ("", None, [])}


def evidence_of(body: Mapping[str, Any]) -> Evidence:
    """Return the evidence in a body."""
    return Evidence(**{**body, "outcome": Outcome(body["outcome"]), "keys": tuple(body.get("keys", ()))})
