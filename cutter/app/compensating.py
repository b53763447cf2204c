"""Take back what was done on one target, and halt the target when that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cutter.agent import RevertRequest
from cutter.engine.compensation import inverse_steps, manual_steps
from cutter.engine.recording import Recording
from cutter.engine.target import Target
from cutter.errors import PreconditionError
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.evidence import Evidence, Outcome


class TargetRevert(NamedTuple):
    """What would be taken back on one target, newest first."""

    target: str
    identity: str
    requests: tuple[RevertRequest, ...]


class Halt(NamedTuple):
    """A target on which nothing may run until a person has looked: which run left it so, what is left."""

    run: str
    target: str
    manual: tuple[str, ...]


def take_back(
    target: Target, recording: Recording, revert: TargetRevert, *, stop: Callable[[], bool]
) -> tuple[Evidence, ...]:
    """Apply the inverse of each step: intents first, outcomes as they come, a halt when it fails."""
    recording.intents(revert.target, revert.identity, [_intent(request) for request in revert.requests])
    evidence = []
    for item in target.revert(revert.requests, stop):
        recording.evidence(revert.target, revert.identity, item)
        recording.commit()
        evidence.append(item)
    manual = manual_steps(revert.requests, evidence)
    if any(item.outcome in (Outcome.FAILED, Outcome.STALE) for item in evidence):
        recording.halt(revert.target, manual)
    return tuple(evidence)


def compensate(
    target: Target, recording: Recording, identity: str, evidence: Iterable[Evidence]
) -> tuple[Evidence, ...]:
    """Take back every step of a failed run that touched the target; a polite signal does not stop it."""
    revert = TargetRevert(target.name, identity, inverse_steps(evidence))
    return take_back(target, recording, revert, stop=lambda: False) if revert.requests else ()


def halts(ledger: SqliteLedger) -> list[Halt]:
    """Return the halts that nobody has resolved, oldest first."""
    open_halts: dict[tuple[str, str], Halt] = {}
    for entry in ledger.entries(kinds={"halt", "resolve"}):
        body = entry.content()
        if entry.kind == "halt":
            halt = Halt(body["run"], body["target"], tuple(body["manual"]))
            open_halts[halt.run, halt.target] = halt
        else:
            open_halts = {key: halt for key, halt in open_halts.items() if halt.run != body["resolves"]}
    return list(open_halts.values())


def refuse_halted(ledger: SqliteLedger, targets: Sequence[str]) -> None:
    """Raise PreconditionError when a target is halted."""
    for halt in halts(ledger):
        if halt.target in targets:
            left = "; ".join(halt.manual)
            cause = f"{halt.target} is halted: run {halt.run} failed and could not be taken back ({left})"
            raise PreconditionError(cause, remedy=f"put it right by hand, then: cutter resolve {halt.run}")


def _intent(request: RevertRequest) -> Mapping[str, Any]:
    return {
        "step": request.id,
        "content_hash": request.content_hash,
        "before": request.expected,
        "after": request.goal,
    }
