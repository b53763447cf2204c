"""One pass over the steps of one target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Optional, TypeVar

from cutter.agent.attempt import Attempt
from cutter.agent.duties import lasting
from cutter.agent.looking import Looker
from cutter.agent.requests import Request, RevertRequest, StepRequest
from cutter.agent.taking_back import barrier, exactly, lastingly, moved_on
from cutter.agent.untouched import skipped
from cutter.agent.words import beyond, bug_in, from_os, named
from cutter.errors import CutterError, StalePlan, StepFailed
from cutter.model.evidence import Evidence, Outcome
from cutter.model.references import BadReference, Unresolved, resolve
from cutter.model.state import Change, State
from cutter.resource import Content, Context
from cutter.resources import resource_type

Asked = TypeVar("Asked", StepRequest, RevertRequest)
Brace = Callable[[Request, Mapping[str, Any], Change], None]
"""Told of a guarded step, with what is recorded of its parameters, before anything is done about it.

Raises what forbids that.
"""
Act = Callable[[Sequence[Any], Callable[[], bool]], Iterator[Evidence]]
"""Applies steps, or takes steps back, and yields what comes of each; asks between two whether to stop."""


class Agent(Looker):
    """One pass over the steps of one target that applies them, or takes them back."""

    def __init__(self, content: Content, digest_key: bytes, context: Optional[Context] = None) -> None:
        """Take bytes from `content`, digest secrets with the key; `context` is there for a database."""
        super().__init__(content, digest_key, context)
        self.brace: Brace = unguarded

    def apply(self, steps: Iterable[StepRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Apply the steps in order and yield the evidence of each as soon as it is known.

        The first step that is not a success ends the pass: those after it are skipped. `stop` is asked
        between steps.
        """
        return self._each(steps, stop, self._apply_one, "did not succeed")

    def revert(self, steps: Iterable[RevertRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Take steps back in the order given; what comes after the first failure is skipped."""
        return self._each(steps, stop, self._revert_one, "could not be taken back")

    def revertible(self, steps: Iterable[RevertRequest]) -> Iterator[str]:
        """Yield per step why it cannot be taken back now, or nothing; the target is only looked at.

        The steps are in the order in which they would be taken back; what one has put back, the next one
        finds.
        """
        back: dict[str, Optional[State]] = {}
        for step in steps:
            try:
                yield barrier(step, self.resource_of(step.type, step.params), back, self.content)
            except (CutterError, OSError, LookupError) as error:  # noqa: PERF203 - each step has its own
                yield str(error)

    def workplaces(self, steps: Iterable[Request]) -> set[str]:
        """Return the folders in which these steps put something aside for a moment, as far as known now."""
        found: set[str] = set()
        for step in steps:
            with suppress(CutterError, BadReference, Unresolved, LookupError):
                params = resolve(step.params, self._lookup)
                found.update(self._made(resource_type(step.type), params).workplaces())
        return found

    def _each(
        self, steps: Iterable[Asked], stop: Callable[[], bool], act: Callable[[Asked], Evidence], unwell: str
    ) -> Iterator[Evidence]:
        halted = ""
        steps = list(steps)
        self.duties.listen(steps)
        for step in steps:
            if not halted and stop():
                halted = "the run was interrupted"
            evidence = skipped(step, halted) if halted else self._told(act(step))
            if not halted and not ended_well(step, evidence):
                halted = f"{step.id} {unwell}"
            yield evidence

    def _told(self, evidence: Evidence) -> Evidence:
        """Tell who listens to a step that it has changed."""
        marks = self.duties.changed(evidence.step) if evidence.touched else {}
        return evidence._replace(marks=marks) if marks else evidence

    def _apply_one(self, step: StepRequest) -> Evidence:
        attempt = Attempt(step)
        try:
            return self._attempt(step, attempt)
        except Exception as error:  # noqa: BLE001 - a bug in one step must not lose the record of the others
            return attempt.failed(_complaint(step, error))

    def _revert_one(self, step: RevertRequest) -> Evidence:
        attempt = Attempt(step)
        attempt.params = step.params
        try:
            return self._attempt_back(step, attempt)
        except Exception as error:  # noqa: BLE001 - as above
            return attempt.failed(_complaint(step, error))

    def _attempt(self, step: StepRequest, attempt: Attempt) -> Evidence:
        attempt.params = resolve(step.params, self._lookup)
        resource = attempt.resource = self._built(step, attempt.params)
        owed = attempt.owed = self.duties.of(step, resource)
        wanted = owed.wanted(resource.desired())
        change = attempt.change = Change(attempt.look(), wanted)
        attempt.looked = True
        planned = step.planned
        if planned is not None and not change.within(planned):
            raise StalePlan("it would now do more than was planned: " + beyond(change, planned))
        if not change.empty:
            if step.confirm:
                self.brace(step, resource.recorded(attempt.params), change)
            attempt.moving = True
            if not owed.is_all_of(change):
                resource.apply(change, self.content)
            owed.perform()
            attempt.observed = attempt.look()
        rest = Change(attempt.observed, wanted) if not change.empty else change
        if not rest.empty:
            raise StepFailed(
                f"a fresh look still differs in {named(rest)}",
                world="it was applied, and may have changed what its look does not see",
            )
        self.outputs[step.id] = resource.results(rest.before)
        return attempt.succeeded(rest.before, self.outputs[step.id])

    def _attempt_back(self, step: RevertRequest, attempt: Attempt) -> Evidence:
        resource = attempt.resource = self._made(resource_type(step.type), step.params)
        found, step = lasting(resource, resource.observe()), lastingly(resource, step)
        attempt.change, attempt.looked = Change(found, step.goal), True
        moved = moved_on(step, found)
        if moved:
            raise StalePlan(moved)
        if step.confirm:
            self.brace(step, step.params, attempt.change)
        attempt.moving = True
        attempt.owed = self.duties.of(step, resource)
        resource.apply(Change(found, exactly(resource, step.goal)), self.content)
        attempt.owed.perform()
        attempt.observed = lasting(resource, resource.observe())
        if attempt.observed != step.goal:
            raise StepFailed("a fresh look finds it otherwise than before the run")
        return attempt.compensated()


def _complaint(step: Request, error: Exception) -> CutterError:
    """Return what an exception that a step met says to a person."""
    if isinstance(error, CutterError):
        return error
    if isinstance(error, OSError):
        return from_os(error)
    if isinstance(error, Unresolved):
        return StepFailed(f"{error.name} is not known: that step has no such output here")
    if isinstance(error, BadReference):
        return StepFailed(str(error))
    if type(error) is LookupError and isinstance(step, RevertRequest):  # a key or an index is a bug
        return StepFailed(f"what it takes to put it back is not at hand: {error}")
    return bug_in(step.type, error)


def ended_well(request: Request, evidence: Evidence) -> bool:
    """Tell whether a step came to the end that was asked for by a request of this kind."""
    if isinstance(request, RevertRequest):
        return evidence.outcome is Outcome.COMPENSATED
    return evidence.outcome.success


def unguarded(step: Request, params: Mapping[str, Any], change: Change) -> None:
    """Refuse to change what is to be guarded where nobody guards."""
    del params, change
    raise StepFailed(f"{step.id} is to be confirmed, and nothing can take it back here")
