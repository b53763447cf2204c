"""What the steps of one pass come to owe, because others changed: see cutter.model.obligations. Travels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Optional

from cutter.agent.requests import Request, RevertRequest, StepRequest
from cutter.errors import CutterError, StepFailed
from cutter.model.obligations import OWED, SETTLED, Duty, act_of
from cutter.model.references import BadReference, Unresolved
from cutter.model.state import Change, State
from cutter.resource import Resource
from cutter.resources import resource_type

Made = Callable[[Request], Resource]
"""Returns the resource of a step. Raises what that raises."""


class Duties:
    """The duties of the steps of one pass, and which steps have changed in it."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._listeners: dict[tuple[str, str], tuple[Request, Duty]] = {}
        self._changed: dict[str, Mapping[str, str]] = {}

    def listen(self, steps: Iterable[Request]) -> None:
        """Hear which steps are to come, in all or in part."""
        for step in steps:
            for duty in _owing(step):
                self._listeners[step.id, str(duty)] = step, duty

    def changed(self, step: str) -> Mapping[str, str]:
        """Hear that a step has changed; return, by duty, the mark of who listens to it, as far as known."""
        found: dict[str, str] = {}
        for (_, name), (listener, duty) in self._listeners.items():
            if duty.asked_by([step]):
                with suppress(CutterError, OSError, BadReference, Unresolved, LookupError):
                    found[name] = self._made(listener).mark(duty.act)
        self._changed[step] = found
        return found

    def of(self, step: Request, resource: Resource, expected: Collection[str] = ()) -> StepDuties:
        """Return what one step owes now; of the expected steps it is known that they would change.

        Raises Unavailable where nobody can tell.
        """
        asked: dict[str, list[Optional[str]]] = {}
        if isinstance(step, StepRequest):
            asked = {name: list(marks) for name, marks in step.owed.items()}
        to_come = set()
        for duty in _owing(step):
            marks = asked.setdefault(str(duty), [])
            marks += (self._changed[name].get(str(duty)) for name in duty.asked_by(self._changed))
            if duty.asked_by(expected):
                to_come.add(str(duty))
        return StepDuties(resource, asked, to_come)


class StepDuties:
    """What one step owes: by duty, the marks that must differ once it is done; none: nobody asked."""

    def __init__(
        self, resource: Resource, asked: Mapping[str, Sequence[Optional[str]]], to_come: Collection[str]
    ) -> None:
        """Take what was asked for, and what is expected to be. Where nobody looked since, it is as now."""
        self._resource = resource
        self._asked = {
            name: [resource.mark(act_of(name)) if mark is None else mark for mark in marks]
            for name, marks in asked.items()
        }
        self._to_come = to_come

    def seen(self, state: Optional[State]) -> Optional[State]:
        """Return a state that was found, with what is still owed."""
        if state is None or not self._asked:
            return state
        return {**state, **{act_of(name): OWED if self._is_owed(name) else SETTLED for name in self._asked}}

    def wanted(self, state: Optional[State]) -> Optional[State]:
        """Return a declared state, with nothing owed."""
        if state is None or not self._asked:
            return state
        return {**state, **{act_of(name): SETTLED for name in self._asked}}

    def is_all_of(self, change: Change) -> bool:
        """Tell whether a change is no more than doing what is owed."""
        return not (change.creates or change.removes or change.keys - set(map(act_of, self._asked)))

    def perform(self) -> None:
        """Do what is still owed, a restart first. Raises StepFailed, also where no look finds it done."""
        for name in sorted(self._asked, key=lambda name: act_of(name) != "restart"):
            if self._is_owed(name):
                self._resource.perform(act_of(name))
                if self._is_owed(name):
                    raise StepFailed(f"a fresh look does not find the {name} done")

    def settled(self) -> Optional[Mapping[str, str]]:
        """Return, by duty that was asked for, what a look finds now that it is done."""
        marks = {name: self._resource.mark(act_of(name)) for name, asked in self._asked.items() if asked}
        return marks or None

    def _is_owed(self, name: str) -> bool:
        act = act_of(name)
        return name in self._to_come or any(
            not self._resource.is_done(act, mark or "") for mark in self._asked[name]
        )


def lasting(resource: Resource, state: Optional[State]) -> Optional[State]:
    """Return a state without what is only still to be done, which nobody puts back."""
    if state is None or not resource.fleeting:
        return state
    return {key: value for key, value in state.items() if key not in resource.fleeting}


def in_order(requests: Sequence[RevertRequest]) -> tuple[RevertRequest, ...]:
    """Return steps to take back, newest first, but each after those that must be put back before it."""
    left, done = list(requests), []
    waiting: list[RevertRequest] = []
    while left:
        request = left.pop(0)
        if _follows(request, left):
            waiting.append(request)
            continue
        done.append(request)
        free = [each for each in waiting if not _follows(each, left)]
        waiting = [each for each in waiting if each not in free]
        done += free
    return (*done, *waiting)


def _follows(request: RevertRequest, others: Sequence[RevertRequest]) -> bool:
    first = resource_type(request.type).follows(request.params, request.goal)
    return any(each.id in first or each.id.partition("[")[0] in first for each in others)


def _owing(step: Request) -> tuple[Duty, ...]:
    return resource_type(step.type).owing(step.params)
