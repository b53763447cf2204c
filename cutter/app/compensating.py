"""Take back what was done on one target, and halt the target when that fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cutter.agent import RevertRequest
from cutter.engine.compensation import inverse_steps, manual_steps
from cutter.engine.driving import driven
from cutter.engine.executor import TargetResult
from cutter.engine.recording import Recording
from cutter.engine.stopping import OnlyAbort, Stop
from cutter.engine.target import Target
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
    target: Target, recording: Recording, revert: TargetRevert, *, stop: Stop
) -> tuple[Evidence, ...]:
    """Apply the inverse of each step: intents first, outcomes as they come."""
    folders = target.workplaces(revert.requests)
    intents = [_intent(request) for request in revert.requests]
    recording.intents(revert.target, revert.identity, intents, folders)
    evidence = []
    for item in driven(revert.requests, target.revert(revert.requests, stop), stop):
        recording.evidence(revert.target, revert.identity, item)
        recording.commit()
        evidence.append(item)
    return tuple(evidence)


def compensate(target: Target, recording: Recording, done: TargetResult, stop: Stop) -> TargetResult:
    """Take back every step of a failed run that touched the target; a polite signal does not stop it.

    Where anything is left that could not be taken back, the target is halted.
    """
    revert = TargetRevert(target.name, done.identity, inverse_steps(done.evidence))
    evidence = take_back(target, recording, revert, stop=OnlyAbort(stop)) if revert.requests else ()
    unseen = [item for item in done.evidence if item.outcome is Outcome.UNKNOWN]
    manual = [f"{item.step}: see how the run left it ({item.reason})" for item in unseen]
    manual += manual_steps(revert.requests, evidence)
    if manual:
        recording.halt(revert.target, manual)
    return done._replace(compensation=evidence, manual=tuple(manual))


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


def _intent(request: RevertRequest) -> Mapping[str, Any]:
    return {
        "step": request.id,
        "content_hash": request.content_hash,
        "before": request.expected,
        "after": request.goal,
    }
