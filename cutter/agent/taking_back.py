"""Whether a thing is still as a run left it, and what it is put back to."""

from __future__ import annotations

from typing import Optional

from cutter.agent.requests import RevertRequest
from cutter.agent.words import named
from cutter.model.state import Change, State
from cutter.resource import Resource


def moved_on(step: RevertRequest, found: Optional[State]) -> str:
    """Say how a thing differs from what the run left, or nothing where it does not."""
    if found == step.expected:
        return ""
    change = Change(found, step.expected)
    return f"it changed since the run: {named(change)}" if not change.empty else "it changed since the run"


def as_left(back: Optional[State], expected: Optional[State]) -> Optional[State]:
    """Return the state that a newer step leaves, seen through an older step of the same place.

    Each step sees keys of its own in a thing; about those of the older step alone nothing else can be said.
    """
    if back is None or expected is None:
        return back
    return {key: back.get(key, value) for key, value in expected.items()}


def exactly(resource: Resource, goal: Optional[State]) -> Optional[State]:
    """Return the state to put back, with None for what it did not have and might get from its folder."""
    return None if goal is None else {**dict.fromkeys(resource.inherited), **goal}
