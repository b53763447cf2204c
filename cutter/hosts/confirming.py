"""Confirms over a fresh connection what a target has armed, and tells what became of what it could not."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from cutter.agent.armed import ARMED, CONFIRMED, STUCK, TAKEN
from cutter.agent.putting_back import TAKEN_BACK
from cutter.agent.requests import Request, RevertRequest
from cutter.agent.tidings import Armed, Arming, Told, evidence_of
from cutter.agent.untouched import skipped
from cutter.errors import CutterError, Interrupted
from cutter.model.evidence import Evidence, Outcome
from cutter.named_tuple import NamedTuple

GRACE_SECONDS = 30.0
"""How long after its deadline a target may be out of reach before nobody waits for it any more."""
SETTLING_SECONDS = 2.0
"""How long a service may take to read what it was told to, before a fresh connection means anything.

Never more than a quarter of the time there is.
"""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
"""Between two attempts: longer each time, for there are programs that shut out who fails often."""

Results = Generator[Told, None, None]


class Way(NamedTuple):
    """How a fresh agent is asked to `confirm` a group or what `came_of` it; whether the run was aborted."""

    ask: Callable[[str, str], Mapping[str, Any]]
    aborted: Callable[[], bool]


class _Group(NamedTuple):
    """A group that is armed, until when it can be confirmed, and the steps that are in it and after it."""

    name: str
    within: float
    deadline: float
    steps: Sequence[Request]
    later: Sequence[Request]


class _Verdict(NamedTuple):
    evidence: tuple[Evidence, ...]
    confirmed: bool


def settled(results: Results, steps: Sequence[Request], way: Way) -> Iterator[Evidence]:
    """Yield the evidence of steps; that of a guarded group once it is confirmed, or known not to be.

    Where the connection of the run breaks while something is armed, a fresh one decides as well. Raises what
    the run raised, and Interrupted when it was aborted.
    """
    settling = _Settling(steps, way)
    with closing(results):
        try:
            for told in results:
                yield from settling.hear(told)
                if settling.over:
                    return
        except Interrupted:
            raise
        except CutterError as error:
            yield from settling.without_connection(error)


class _Settling:
    """What is armed at the moment, and whether nothing else is to be heard of the run."""

    def __init__(self, steps: Sequence[Request], way: Way) -> None:
        self.over = False
        self._steps = steps
        self._way = way
        self._group: _Group | None = None

    def hear(self, told: Told) -> Iterator[Evidence]:
        """Yield the evidence that is known with what was said."""
        if isinstance(told, Evidence):
            yield told
            return
        group, self._group = self._group, _group(told, self._steps) if isinstance(told, Arming) else None
        if isinstance(told, Armed) and group is not None:
            verdict = _verdict(group, self._way)
            yield from verdict.evidence
            if not verdict.confirmed:
                self.over = True
                yield from _left_out(group)

    def without_connection(self, error: CutterError) -> Iterator[Evidence]:
        """Yield what a fresh connection knows of what is armed. Raises the error where nothing is."""
        group = self._group
        if group is None:
            raise error
        verdict = _verdict(group, self._way)
        yield from verdict.evidence
        if verdict.confirmed and group.later:
            raise error
        yield from _left_out(group)


def _group(arming: Arming, steps: Sequence[Request]) -> _Group:
    inside = [step for step in steps if step.id in arming.steps]
    last = max(index for index, step in enumerate(steps) if step.id in arming.steps)
    return _Group(arming.name, arming.left, time.monotonic() + arming.left, inside, steps[last + 1 :])


def _left_out(group: _Group) -> Iterator[Evidence]:
    reason = f"{group.steps[0].id} was not confirmed"
    yield from (skipped(step, reason) for step in group.later)


def _verdict(group: _Group, way: Way) -> _Verdict:
    """Confirm the group, or find out what became of it."""
    error: CutterError | None = None
    time.sleep(min(SETTLING_SECONDS, group.within / 4))
    for pause in _pauses():
        _refuse_aborted(way)
        try:
            answer = way.ask("confirm", group.name)
        except CutterError as met:
            error = met
        else:
            if answer["state"] == CONFIRMED:
                return _confirmed(answer)
            if answer["state"] != ARMED:
                break
        left = group.deadline - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(pause, left))
    return _what_became(group, way, error)


def _what_became(group: _Group, way: Way, error: CutterError | None) -> _Verdict:
    patience = max(group.deadline, time.monotonic()) + GRACE_SECONDS
    for pause in _pauses():
        _refuse_aborted(way)
        try:
            answer = way.ask("came_of", group.name)
        except CutterError as met:
            error = met
            if time.monotonic() > patience:
                remedy = f"the target takes it back by itself; look once it is there again: {met.remedy}"
                return _unknown(group, f"and out of reach since: {met.cause}", remedy)
        else:
            if answer["state"] == CONFIRMED:
                return _confirmed(answer)
            if answer["state"] in (TAKEN, STUCK):
                return _taken_back(group, answer, error)
            if not answer["state"]:
                return _unknown(
                    group, "and another run has decided about it since", "plan, and see how it is"
                )
            patience = time.monotonic() + GRACE_SECONDS
        time.sleep(pause)
    raise AssertionError  # the pauses have no end


def _confirmed(answer: Mapping[str, Any]) -> _Verdict:
    found = map(evidence_of, answer["steps"])
    done = (Outcome.CHANGED, Outcome.COMPENSATED)
    marked = (item._replace(guard=CONFIRMED) if item.outcome in done else item for item in found)
    return _Verdict(tuple(marked), confirmed=True)


def _taken_back(group: _Group, answer: Mapping[str, Any], error: CutterError | None) -> _Verdict:
    seen = {found.step: found for found in map(evidence_of, answer["steps"])}
    why = f"not confirmed within {group.within:g} s" + (f" ({error.cause})" if error else "")
    found = []
    for step in group.steps:
        item = seen.get(step.id)
        if item is None:
            item = skipped(step, "the steps beside it were taken back")
        elif item.guard == TAKEN_BACK:
            came = "put it back to how it was before this revert" if _reverts(step) else "took it back"
            remedy = _correct(step, error.remedy if error else "")
            item = item._replace(reason=f"{why}, so the target {came}", remedy=remedy)
        found.append(item)
    return _Verdict(tuple(found), confirmed=False)


def _reverts(step: Request) -> bool:
    return isinstance(step, RevertRequest)


def _correct(step: Request, by_hand: str) -> str:
    """Return what to do about steps that are taken back, after which a host may well be reached again."""
    again = "see to it that you would get in as it was before that run, then revert it again"
    first = again if _reverts(step) else "correct what these steps declare"
    return first + (f"; or, where that is right, {by_hand}" if by_hand else "")


def _unknown(group: _Group, why: str, remedy: str) -> _Verdict:
    reason = f"not confirmed within {group.within:g} s, {why}"
    return _Verdict(
        tuple(
            Evidence(
                step.id,
                step.type,
                step.content_hash,
                Outcome.UNKNOWN,
                reason=reason,
                remedy=remedy,
                guard=ARMED,
            )
            for step in group.steps
        ),
        confirmed=False,
    )


def _refuse_aborted(way: Way) -> None:
    if way.aborted():
        raise Interrupted("aborted while a change waited to be confirmed: the target takes it back")


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE)
