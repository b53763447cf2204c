"""Steps proved on a database: all of them in one transaction that is rolled back, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from cutter.agent.attempt import outcome_of
from cutter.agent.requests import StepRequest
from cutter.agent.words import bug_in
from cutter.database.context import LOGIN, DatabaseContext, RehearsedContext
from cutter.database.rehearsal import Rehearsal
from cutter.database.rollback_only import UNSEEN, Proof, prove
from cutter.errors import CutterError, Interrupted, StepFailed, Unprovable
from cutter.model.evidence import Evidence, Outcome
from cutter.model.references import BadReference, Unresolved, resolve
from cutter.model.state import Change
from cutter.named_tuple import NamedTuple
from cutter.resource import Content
from cutter.resources import resource_type


class Asked(NamedTuple):
    """How a proof is asked to end early: between steps by an answer, inside one by an interrupt."""

    stop: Callable[[], bool]
    abortable: Callable[[], AbstractContextManager[None]]


def proved(
    context: DatabaseContext, digest_key: bytes, steps: Sequence[StepRequest], content: Content, asked: Asked
) -> Iterator[Evidence]:
    """Yield what can be said of each step: proved, unprovable, breached, blocked, failed, or skipped."""
    trial = _Trial(context, digest_key, steps, content, asked)
    try:
        proof = prove(context.provider, LOGIN, trial.work)
    except CutterError as error:
        yield from trial.ended_by(error)
    except Exception as bug:  # noqa: BLE001 - a bug in one step must not lose the record of the others
        yield from trial.ended_by(bug_in(trial.current.type, bug))
    else:
        yield from trial.judged(proof)


class _Trial:
    """The steps on their way through the rehearsal, and how far they came."""

    def __init__(
        self,
        context: DatabaseContext,
        digest_key: bytes,
        steps: Sequence[StepRequest],
        content: Content,
        asked: Asked,
    ) -> None:
        self._context = context
        self._digest_key = digest_key
        self._steps = steps
        self._content = content
        self._asked = asked
        self._changes: list[Change] = []
        self._outputs: dict[str, Mapping[str, str]] = {}

    @property
    def current(self) -> StepRequest:
        """The step that it is at, or the last one."""
        return self._steps[min(len(self._changes), len(self._steps) - 1)]

    def work(self, rehearsal: Rehearsal) -> None:
        """Apply every step inside the rehearsal; each fresh look must find what was declared.

        Raises Interrupted when it is asked to stop, and whatever a step raises.
        """
        inside = RehearsedContext(self._context, rehearsal)
        try:
            with self._asked.abortable():
                for step in self._steps:
                    if self._asked.stop():
                        raise Interrupted("the proof was interrupted")
                    self._try(step, inside)
        except KeyboardInterrupt:
            raise Interrupted("the proof was aborted") from None

    def _try(self, step: StepRequest, inside: RehearsedContext) -> None:
        resource = resource_type(step.type)(self._params(step), self._digest_key)
        resource.context = inside
        change = Change(resource.observe(), resource.desired())
        if not change.empty:
            resource.apply(change, self._content)
            rest = Change(resource.observe(), resource.desired())
            if not rest.empty:
                raise StepFailed(f"a fresh look still differs in {', '.join(sorted(rest.keys))}")
        self._outputs[step.id] = resource.results(change.after)
        self._changes.append(change)

    def judged(self, proof: Proof) -> Iterator[Evidence]:
        """Yield the verdict for every step; where the rehearsal broke off, for the one it broke off at."""
        outcome = Outcome(proof.outcome)
        whole = len(self._changes) == len(self._steps)
        for index, step in enumerate(self._steps):
            if outcome is Outcome.PROVED:
                yield self._evidence(step, index, outcome, "residue: " + ("; ".join(proof.residue) or "none"))
            elif whole or index == len(self._changes):
                yield self._evidence(step, index, outcome, proof.reason)
            else:
                yield self._evidence(step, index, Outcome.SKIPPED, "the proof broke off, so it says nothing")

    def ended_by(self, error: CutterError) -> Iterator[Evidence]:
        """Yield what an error makes of the steps: nothing is proved, and one of them says why."""
        current = None if isinstance(error, Interrupted) else self.current
        why = f"the proof ended at {current.id}" if current else f"{error.cause}; all was rolled back"
        for index, step in enumerate(self._steps):
            if step is current:
                yield self._failed(self._evidence(step, index, outcome_of(error), _cause(error)), error)
            else:
                yield self._evidence(step, index, Outcome.SKIPPED, why)

    def _failed(self, found: Evidence, error: CutterError) -> Evidence:
        blocked = found.outcome is Outcome.BLOCKED
        unseen = UNSEEN if error.world == UNSEEN else ""
        return found._replace(remedy=error.remedy, refusal=error.exit_code if blocked else None, world=unseen)

    def _evidence(self, step: StepRequest, index: int, outcome: Outcome, reason: str) -> Evidence:
        change = self._changes[index] if index < len(self._changes) else Change(None, None)
        keys = tuple(sorted(change.keys))
        return Evidence(
            *(step.id, step.type, step.content_hash, outcome, change.before, change.after),
            observed=change.before,
            keys=keys,
            reason=reason,
        )

    def _params(self, step: StepRequest) -> Mapping[str, Any]:
        try:
            params: Mapping[str, Any] = resolve(step.params, self._lookup)
        except (Unresolved, BadReference) as error:
            raise Unprovable(f"{step.id} uses what is not known here: {error}") from None
        return params

    def _lookup(self, name: str) -> Any:
        step, _, output = name.removeprefix("steps.").rpartition(".")
        if output not in self._outputs.get(step, {}):
            raise Unresolved(name)
        return self._outputs[step][output]


def _cause(error: CutterError) -> str:
    return f"{error.place}: {error.cause}" if error.place else error.cause
