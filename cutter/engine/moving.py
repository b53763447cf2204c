"""Moves targets side by side: intents of all of them first, in one commit, then outcomes as they come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from cutter.agent.unseen import unobservable, unseen
from cutter.engine.driving import Requests, driven
from cutter.engine.obligations import NOTHING, Owed
from cutter.engine.recording import Recording
from cutter.engine.side_by_side import Strand, answers, side_by_side
from cutter.engine.stopping import Stop
from cutter.engine.target import Target
from cutter.errors import CutterError, Interrupted
from cutter.model.evidence import Evidence, Outcome
from cutter.model.plan import Unseen
from cutter.named_tuple import NamedTuple


class Move(NamedTuple):
    """What one target is to do: every step, those of them that will touch it, what is recorded of these.

    `begin` makes the target begin and returns what comes of each step. `owed` is what may come to be owed.
    """

    target: Target
    identity: str
    requests: Requests
    touching: Requests
    intents: Sequence[Mapping[str, Any]]
    begin: Callable[[Callable[[], bool]], Iterator[Evidence]]
    owed: Owed = NOTHING


class Moved(NamedTuple):
    """What came of each step of a move, and what earlier runs had left on the target, in words."""

    evidence: tuple[Evidence, ...]
    left: tuple[str, ...] = ()


Told = Callable[[int, Evidence], None]
"""Told of each outcome once it is noted, beside the index of its move."""


def move(
    moves: Sequence[Move], recording: Recording, *, stop: Stop, parallel: int, told: Told
) -> tuple[Moved, ...]:
    """Move all targets and return what came of each, recorded; each is then told that it is.

    A target apart that is gone before anything began is unobservable. Raises LedgerError when nothing could
    be recorded and so nothing was begun, and Unrecorded later.
    """
    folders = _workplaces(moves, stop, parallel)
    for each, found in zip(moves, folders, strict=True):
        if not isinstance(found, Unseen):
            recording.intend(each.target.name, each.identity, each.intents, found)
            recording.owe(each.target.name, each.identity, each.owed)
    recording.begin()
    strands = [
        Strand(each.target, partial(_evidence, each, found))
        for each, found in zip(moves, folders, strict=True)
    ]
    evidence: list[list[Evidence]] = [[] for _ in moves]
    with closing(side_by_side(strands, stop, parallel)) as portions:
        for portion in portions:
            _record(moves, portion, recording)
            for index, item in portion:
                evidence[index].append(item)
                told(index, item)
    recording.commit()
    left = answers([Strand(each.target, partial(_answered, each)) for each in moves], stop, parallel)
    return tuple(Moved(tuple(items), words) for items, words in zip(evidence, left, strict=True))


def _record(moves: Sequence[Move], portion: Sequence[tuple[int, Evidence]], recording: Recording) -> None:
    for index, item in portion:
        recording.evidence(moves[index].target.name, moves[index].identity, item)
    if any(item.outcome is not Outcome.OK for _, item in portion):
        recording.commit()


def _evidence(each: Move, found: Collection[str] | Unseen, stop: Stop) -> Iterator[Evidence]:
    if isinstance(found, Unseen):
        return (unobservable(request, found) for request in each.requests)
    alone = each.touching if each.target.apart else ()
    return driven(each.requests, each.begin(stop), stop, alone=alone)


def _workplaces(moves: Sequence[Move], stop: Stop, parallel: int) -> list[Collection[str] | Unseen]:
    """Return, for each target, where its steps put files aside, or why it cannot be asked any more."""
    return answers([Strand(each.target, partial(_workplaces_of, each)) for each in moves], stop, parallel)


def _answered(each: Move, stop: Stop) -> Iterator[tuple[str, ...]]:
    try:
        with stop.abortable():
            left = tuple(each.target.answered())
    except (CutterError, KeyboardInterrupt):
        left = ()  # the target finds it again with the next run
    yield left


def _workplaces_of(each: Move, stop: Stop) -> Iterator[Collection[str] | Unseen]:
    found: Collection[str] | Unseen
    try:
        with stop.abortable():
            found = each.target.workplaces(each.touching)
    except (CutterError, KeyboardInterrupt) as error:
        if not each.target.apart:
            raise
        found = unseen(error if isinstance(error, CutterError) else Interrupted("aborted before it began"))
    yield found
