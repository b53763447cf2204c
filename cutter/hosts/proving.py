"""Steps proved on a database: all of them in one transaction that is rolled back, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cutter.agent import StepRequest
from cutter.database.context import LOGIN, DatabaseContext, RehearsedContext
from cutter.database.rehearsal import Rehearsal
from cutter.database.rollback_only import Proof, prove
from cutter.errors import CutterError, KillSwitchOff, StepFailed, Unprovable
from cutter.model.evidence import Evidence, Outcome
from cutter.model.references import BadReference, Unresolved, resolve
from cutter.model.state import Change
from cutter.resource import Content
from cutter.resources import resource_type


def proved(
    context: DatabaseContext, digest_key: bytes, steps: Sequence[StepRequest], content: Content
) -> Iterator[Evidence]:
    """Yield what can be said of each step: proved, unprovable, breached, blocked, or skipped."""
    trial = _Trial(context, digest_key, steps, content)
    try:
        proof = prove(context.provider, LOGIN, trial.work)
    except CutterError as error:
        yield from trial.ended_by(error)
    else:
        yield from trial.judged(proof)


class _Trial:
    """The steps on their way through the rehearsal, and how far they came."""

    def __init__(
        self, context: DatabaseContext, digest_key: bytes, steps: Sequence[StepRequest], content: Content
    ) -> None:
        self._context = context
        self._digest_key = digest_key
        self._steps = steps
        self._content = content
        self._changes: list[Change] = []
        self._outputs: dict[str, Mapping[str, str]] = {}

    def work(self, rehearsal: Rehearsal) -> None:
        """Apply every step inside the rehearsal; each fresh look must find what was declared."""
        inside = RehearsedContext(self._context, rehearsal)
        for step in self._steps:
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
        """Yield what a step's own error makes of all of them: nothing is proved."""
        blocked = isinstance(error, KillSwitchOff)
        at = min(len(self._changes), len(self._steps) - 1)
        for index, step in enumerate(self._steps):
            if index != at:
                yield self._evidence(step, index, Outcome.SKIPPED, f"the proof ended at {self._steps[at].id}")
            else:
                found = self._evidence(
                    step, index, Outcome.BLOCKED if blocked else Outcome.UNPROVABLE, error.cause
                )
                yield found._replace(remedy=error.remedy, refusal=error.exit_code if blocked else None)

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
