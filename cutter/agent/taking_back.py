"""Taking back what a run did: whether the thing is still as the run left it, and what it is put back to."""

from __future__ import annotations

from typing import Optional

from cutter.agent.duties import lasting
from cutter.agent.requests import RevertRequest
from cutter.agent.words import named
from cutter.model.state import Change, State
from cutter.resource import Content, Resource


def moved_on(step: RevertRequest, found: Optional[State]) -> str:
    """Say how a thing differs from what the run left, or nothing where it does not."""
    if found == step.expected:
        return ""
    change = Change(found, step.expected)
    return f"it changed since the run: {named(change)}" if not change.empty else "it changed since the run"


def barrier(
    step: RevertRequest, resource: Resource, back: dict[str, Optional[State]], content: Content
) -> str:
    """Say why a thing cannot be taken back now, or nothing; it is only looked at.

    `back` is what newer steps will have put back by then, by place; where nothing stands in the way, what
    this one puts back is added. Raises what looking raises.
    """
    if resource.needs_reason(step.params):
        return "it cannot be undone"
    touched = [place for place in resource.places() if place in back]
    found = _as_left(back[touched[0]], step.expected) if touched else resource.observe()
    step, found = lastingly(resource, step), lasting(resource, found)
    moved = moved_on(step, found)
    if moved:
        return moved
    resource.ready(Change(found, step.goal), content)
    back.update(dict.fromkeys(resource.places(), step.goal))
    goes = step.goal is None and found is not None
    left = [path for path in resource.inside() if path not in back] if goes else []
    return f"the run did not put {', '.join(sorted(left)[:3])} there" if left else ""


def lastingly(resource: Resource, step: RevertRequest) -> RevertRequest:
    """Return a step without what is only still to be done, which nobody puts back."""
    return step._replace(expected=lasting(resource, step.expected), goal=lasting(resource, step.goal))


def exactly(resource: Resource, goal: Optional[State]) -> Optional[State]:
    """Return the state to put back, with None for what it did not have and might get from its folder."""
    return None if goal is None else {**dict.fromkeys(resource.inherited), **goal}


def _as_left(back: Optional[State], expected: Optional[State]) -> Optional[State]:
    """Return the state that a newer step leaves, seen through an older step of the same place.

    Each step sees keys of its own in a thing; about those of the older step alone nothing else can be said.
    """
    if back is None or expected is None:
        return back
    return {key: back.get(key, value) for key, value in expected.items()}
