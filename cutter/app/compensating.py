"""Take back what was done on one target, and halt the target when that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cutter.agent.requests import RevertRequest
from cutter.engine.compensation import inverse_steps, manual_steps
from cutter.engine.executor import TargetResult
from cutter.engine.moving import Move, move
from cutter.engine.recording import Recording
from cutter.engine.stopping import OnlyAbort, Stop
from cutter.engine.target import Target
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.evidence import Evidence, Outcome
from cutter.named_tuple import NamedTuple
from cutter.resources import resource_type


class TargetRevert(NamedTuple):
    """What would be taken back on one target, newest first."""

    target: str
    identity: str
    requests: tuple[RevertRequest, ...]


def beyond_a_look(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return what failed and may have left something that neither a look nor an inverse change reaches."""
    failed = (item for item in evidence if item.outcome is Outcome.FAILED and item.world)
    return [item for item in failed if item.observed == item.before and not _shows_it(item.type)]


def _shows_it(kind: str) -> bool:
    """Tell whether the world that a failure of this type tells of is all that can be told."""
    found = resource_type(kind)
    return found.opaque or found.runs


class Halt(NamedTuple):
    """A target on which nothing may run until a person has looked: which run left it so, what is left."""

    run: str
    target: str
    manual: tuple[str, ...]


def take_back(
    reverts: Sequence[tuple[Target, TargetRevert]], recording: Recording, *, stop: Stop, parallel: int
) -> tuple[tuple[Evidence, ...], ...]:
    """Apply the inverse of each step, targets side by side: intents first, outcomes as they come."""
    moves = [_move(target, revert) for target, revert in reverts if revert.requests]
    moved = iter(
        move(moves, recording, stop=stop, parallel=parallel, told=lambda _, __: None) if moves else ()
    )
    return tuple(next(moved).evidence if revert.requests else () for _, revert in reverts)


def compensate(
    failed: Sequence[tuple[Target, TargetResult]], recording: Recording, *, stop: Stop, parallel: int
) -> tuple[TargetResult, ...]:
    """Take back every step of a failed run that touched its target; a polite signal does not stop it.

    Where anything is left that could not be taken back, the target is halted.
    """
    reverts = [
        (target, TargetRevert(target.name, done.identity, inverse_steps(_within_reach(done.evidence))))
        for target, done in failed
    ]
    evidence = take_back(reverts, recording, stop=OnlyAbort(stop), parallel=parallel)
    return tuple(
        _compensated(done, revert, found, recording)
        for (_, done), (_, revert), found in zip(failed, reverts, evidence, strict=True)
    )


def _within_reach(evidence: Sequence[Evidence]) -> list[Evidence]:
    beyond = beyond_a_look(evidence)
    return [item for item in evidence if item not in beyond]


def _compensated(
    done: TargetResult, revert: TargetRevert, evidence: tuple[Evidence, ...], recording: Recording
) -> TargetResult:
    unseen = [item for item in done.evidence if item.outcome is Outcome.UNKNOWN]
    manual = [f"{item.step}: see how the run left it ({item.reason})" for item in unseen]
    manual += [f"{item.step}: {item.world}" for item in beyond_a_look(done.evidence)]
    manual += manual_steps(revert.requests, evidence)
    if manual:
        recording.halt(revert.target, manual)
    return done._replace(compensation=evidence, manual=tuple(manual))


def _move(target: Target, revert: TargetRevert) -> Move:
    def begin(stop: Callable[[], bool]) -> Iterator[Evidence]:
        return target.revert(revert.requests, stop)

    intents = [_intent(request) for request in revert.requests]
    return Move(target, revert.identity, revert.requests, revert.requests, intents, begin)


def halts(ledger: SqliteLedger) -> list[Halt]:
    """Return the halts that nobody has resolved, oldest first."""
    open_halts: dict[tuple[str, str], Halt] = {}
    for entry in ledger.entries(kinds={"halt", "resolve"}):
        body = entry.content()
        if entry.kind == "halt":
            halt = Halt(body["run"], body["target"], tuple(body["manual"]))
            open_halts[halt.run, halt.target] = halt
        elif "owed" not in body:
            open_halts = {key: halt for key, halt in open_halts.items() if halt.run != body["resolves"]}
    return list(open_halts.values())


def _intent(request: RevertRequest) -> Mapping[str, Any]:
    return {
        "step": request.id,
        "content_hash": request.content_hash,
        "before": request.expected,
        "after": request.goal,
        **({"confirm": request.confirm} if request.confirm else {}),
    }
