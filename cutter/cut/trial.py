"""Trying steps: in a transaction that is rolled back, or there and back again on a scratch copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from cutter.cut.logical import RECORD, logical_state
from cutter.database.context import LOGIN, DatabaseContext, RehearsedContext
from cutter.database.rehearsal import Rehearsal
from cutter.database.rollback_only import Proof, prove
from cutter.database.scratch import scratch_copy
from cutter.database.switch import held_on
from cutter.errors import Breached, ProofFailed, StepFailed, Unprovable
from cutter.model.state import Change
from cutter.named_tuple import NamedTuple
from cutter.resource import Content, Resource

LEASE_SECONDS = 3600


class Verdict(NamedTuple):
    """What a trial that held up has shown: how many statements ran, what a rollback does not take back."""

    statements: int
    residue: tuple[str, ...]
    before: str
    excluded: tuple[str, ...]


class Try(NamedTuple):
    """A step to try, by its name."""

    name: str
    resource: Resource


def rehearsed(
    context: DatabaseContext, steps: Sequence[Try], content: Content, *, back: bool = False
) -> Verdict:
    """Apply steps, and with `back` their inverses, in one transaction that is rolled back.

    Raises Breached, Unprovable, and whatever a step raises by itself.
    """

    def work(rehearsal: Rehearsal) -> None:
        inside = RehearsedContext(context, rehearsal)
        done = _applied(inside, steps, content)
        if back:
            _taken_back(inside, done, content)

    return sound(prove(context.provider, LOGIN, work))


def round_trip(context: DatabaseContext, steps: Sequence[Try], content: Content) -> Verdict:
    """Apply, take back, apply again, each for real; what is there must be the same each time.

    The way back is first rehearsed in a transaction of its own. Raises ProofFailed naming what differs.
    """
    before = _state(context)
    done = _applied(context, steps, content)
    after = _state(context)
    if before == after:
        raise ProofFailed("the steps change nothing there, so taking them back shows nothing")
    verdict = rehearsed_back(context, done, content)
    _taken_back(context, done, content)
    _same(before, _state(context), "taking the steps back")
    _applied(context, steps, content)
    _same(after, _state(context), "applying the steps again")
    return verdict


def rehearsed_back(context: DatabaseContext, done: Sequence[tuple[Try, Change]], content: Content) -> Verdict:
    """Take back what steps did, newest first, in one transaction that is rolled back.

    Raises Breached, Unprovable, and whatever a step raises by itself.
    """

    def work(rehearsal: Rehearsal) -> None:
        _taken_back(RehearsedContext(context, rehearsal), done, content)

    return sound(prove(context.provider, LOGIN, work))


@contextmanager
def on_a_copy(context: DatabaseContext) -> Iterator[DatabaseContext]:
    """Give the context of a scratch copy, on which the kill switch is held on for the run."""
    if context.progress is not None:
        context.progress("copy the database", 0, 0)
    with (
        scratch_copy(context.provider) as copy,
        closing(copy("SCRATCH")) as holder,
        held_on(holder, context.run, seconds=LEASE_SECONDS, by="a trial on a scratch copy"),
    ):
        yield DatabaseContext(copy, context.entries, context.run, context.progress, context.scope)


def _state(context: DatabaseContext) -> dict[str, str]:
    """Return the logical state without the governance record, which only grows."""
    with closing(context.connection("SCRATCH")) as connection:
        found = logical_state(connection)
    return {part: digest for part, digest in found.items() if part != RECORD}


def _applied(context: Any, steps: Sequence[Try], content: Content) -> list[tuple[Try, Change]]:
    done = []
    for step in steps:
        resource = step.resource
        resource.context = context
        change = Change(resource.observe(), resource.desired())
        if not change.empty:
            resource.apply(change, content)
            rest = Change(resource.observe(), resource.desired())
            if not rest.empty:
                raise StepFailed(
                    f"a fresh look still differs in {', '.join(sorted(rest.keys))}", place=step.name
                )
            done.append((step, change))
    return done


def _taken_back(context: Any, done: Sequence[tuple[Try, Change]], content: Content) -> None:
    for step, change in reversed(done):
        resource = step.resource
        resource.context = context
        resource.apply(Change(resource.observe(), change.before), content)
        if resource.observe() != change.before:
            raise StepFailed("a fresh look finds it otherwise than before", place=step.name)


def sound(proof: Proof) -> Verdict:
    """Return what a proof that held up has shown. Raises Breached and Unprovable."""
    if proof.outcome == "breached":
        raise Breached(proof.reason, place="rehearsal", remedy="a person must read what the steps run")
    if proof.outcome == "unprovable":
        raise Unprovable(
            proof.reason, place="rehearsal", remedy="see what the login may do, or leave the step out"
        )
    return Verdict(proof.statements, proof.residue, proof.before, proof.excluded)


def _same(expected: dict[str, str], found: dict[str, str], what: str) -> None:
    parts = [name for name in expected if expected[name] != found[name]]
    if parts:
        raise ProofFailed(f"{what} left other {', '.join(parts)} than were there", place="round trip")
