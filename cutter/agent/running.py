"""One pass over the steps of one target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Optional

from cutter import facts
from cutter.agent.attempt import Attempt
from cutter.agent.duties import Duties, lasting
from cutter.agent.looks import Neighbours, makes_way, obstacle, skipped, unknown
from cutter.agent.requests import Request, RevertRequest, StepRequest
from cutter.agent.taking_back import barrier, exactly, lastingly, moved_on
from cutter.agent.words import beyond, bug_in, from_os, named
from cutter.errors import Conflict, CutterError, StalePlan, StepFailed
from cutter.model.evidence import Evidence, Outcome
from cutter.model.look import Look, Prediction
from cutter.model.references import BadReference, Unresolved, parts, resolve
from cutter.model.state import Change, State
from cutter.resource import Content, Context, Resource, type_complaints
from cutter.resources import resource_type

Brace = Callable[[StepRequest, Resource, Mapping[str, Any], Change], None]
"""Told of a guarded step, with its resolved parameters, before it is changed; raises what forbids that."""


class Agent:
    """One pass over the steps of one target; outputs of earlier steps serve later ones."""

    def __init__(self, content: Content, digest_key: bytes, context: Optional[Context] = None) -> None:
        """Take bytes from `content`, digest secrets with the key; `context` is there for a database."""
        self.content = content
        self.digest_key = digest_key
        self.context = context
        self.outputs: dict[str, Mapping[str, str]] = {}
        self.duties = Duties(self._resource)
        self.brace: Brace = unguarded

    def look(self, steps: Iterable[StepRequest], *, preview: bool = False) -> Iterator[Look]:
        """Yield what each step would do; nothing on the target is changed."""
        pending: list[Look] = []
        changing: set[str] = set()
        neighbours = Neighbours()
        for step in steps:
            look = neighbours.seen(step, self._look_at(step, pending, changing, preview=preview))
            if look.prediction in (Prediction.CHANGE, Prediction.UNKNOWN):
                changing.add(step.id)
                if not pending or makes_way(look):  # the others would only be asked in vain, again and again
                    pending.append(look)
            elif look.prediction is Prediction.NO_CHANGE:
                self.outputs[step.id] = look.outputs
            yield look

    def apply(self, steps: Iterable[StepRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Apply the steps in order and yield the evidence of each as soon as it is known.

        The first step that is not a success ends the pass: those after it are skipped. `stop` is asked
        between steps.
        """
        halted = ""
        steps = list(steps)
        self.duties.listen(steps)
        for step in steps:
            if not halted and stop():
                halted = "the run was interrupted"
            evidence = skipped(step, halted) if halted else self._told(self._apply_one(step))
            if not halted and not evidence.outcome.success:
                halted = f"{step.id} did not succeed"
            yield evidence

    def revert(self, steps: Iterable[RevertRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Take steps back in the order given; what comes after the first failure is skipped."""
        halted = ""
        steps = list(steps)
        self.duties.listen(steps)
        for step in steps:
            if not halted and stop():
                halted = "the run was interrupted"
            evidence = skipped(step, halted) if halted else self._told(self._revert_one(step))
            if not halted and evidence.outcome is not Outcome.COMPENSATED:
                halted = f"{step.id} could not be taken back"
            yield evidence

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

    def resource_of(self, name: str, params: Mapping[str, Any]) -> Resource:
        """Return the resource of a type, by its resolved parameters."""
        return self._made(resource_type(name), params)

    def _look_at(
        self, step: StepRequest, pending: list[Look], changing: Collection[str], *, preview: bool
    ) -> Look:
        try:
            resource = self._resource(step)
            owed = self.duties.of(step, resource, changing)
            before, after = owed.seen(resource.observe()), owed.wanted(resource.desired())
            _refuse_full(resource, Change(before, after))
            look = self._answer(step, resource, Change(before, after), preview=preview)
            done = step.owed and look.prediction is Prediction.NO_CHANGE
            return look._replace(settled=owed.settled()) if done else look
        except Unresolved as missing:
            return unknown(step, f"{missing.name} is known when {parts(missing.name)[1]} is applied")
        except CutterError as error:
            return obstacle(step, error, pending)
        except OSError as error:
            return obstacle(step, from_os(error), pending)

    def _answer(self, step: StepRequest, resource: Resource, change: Change, *, preview: bool) -> Look:
        if change.empty:
            outputs = resource.results(change.before)
            found = Look(step.id, Prediction.NO_CHANGE, change.before, change.after, outputs=outputs)
            return found._replace(each_run=resource.each_run)
        told = [resource.summary(change), resource.preview(change, self.content) if preview else ""]
        shown = "\n".join(filter(None, told))
        return Look(step.id, Prediction.CHANGE, change.before, change.after, preview=shown)

    def _resource(self, step: Request) -> Resource:
        return self._built(step, resolve(step.params, self._lookup))

    def _built(self, step: Request, params: Mapping[str, Any]) -> Resource:
        kind = resource_type(step.type)
        for complaint in type_complaints(kind, params):
            where = ".".join(map(str, (step.type, *complaint.path)))
            raise Conflict(f"{where} {complaint.message}", place=step.id)
        return self._made(kind, params)

    def _made(self, kind: type[Resource], params: Mapping[str, Any]) -> Resource:
        resource = kind(params, self.digest_key)
        resource.context = self.context
        return resource

    def _lookup(self, name: str) -> Any:
        if name.startswith("facts."):
            return facts.fact(name[len("facts.") :])
        step, _, output = name[len("steps.") :].rpartition(".")
        if step not in self.outputs or output not in self.outputs[step]:
            raise Unresolved(f"steps.{step}.{output}")
        return self.outputs[step][output]

    def _told(self, evidence: Evidence) -> Evidence:
        """Tell who listens to a step that it has changed."""
        marks = self.duties.changed(evidence.step) if evidence.touched else {}
        return evidence._replace(marks=marks) if marks else evidence

    def _apply_one(self, step: StepRequest) -> Evidence:
        attempt = Attempt(step)
        try:
            return self._attempt(step, attempt)
        except Unresolved as missing:
            error: CutterError = StepFailed(f"{missing.name} is not known: that step has no such output here")
        except BadReference as bad:
            error = StepFailed(str(bad))
        except CutterError as known:
            error = known
        except OSError as failure:
            error = from_os(failure)
        except Exception as bug:  # noqa: BLE001 - a bug in one step must not lose the record of the others
            error = bug_in(step.type, bug)
        return attempt.failed(error)

    def _revert_one(self, step: RevertRequest) -> Evidence:
        attempt = Attempt(step)
        attempt.params = step.params
        try:
            resource = attempt.resource = self._made(resource_type(step.type), step.params)
            found, step = lasting(resource, resource.observe()), lastingly(resource, step)
            attempt.change, attempt.looked = Change(found, step.goal), True
            moved = moved_on(step, found)
            if moved:
                raise StalePlan(moved)  # noqa: TRY301 - told like what is met on the way
            attempt.moving = True
            attempt.owed = self.duties.of(step, resource)
            resource.apply(Change(found, exactly(resource, step.goal)), self.content)
            attempt.owed.perform()
            attempt.observed = lasting(resource, resource.observe())
            if attempt.observed != step.goal:
                raise StepFailed("a fresh look finds it otherwise than before the run")  # noqa: TRY301 - as above
        except CutterError as error:
            return attempt.failed(error)
        except OSError as error:
            return attempt.failed(from_os(error))
        except LookupError:
            return attempt.failed(StepFailed("the content it had is no longer kept on the target"))
        except Exception as bug:  # noqa: BLE001 - a bug in one step must not lose the record of the others
            return attempt.failed(bug_in(step.type, bug))
        return attempt.compensated()

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
                self.brace(step, resource, attempt.params, change)
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


def unguarded(step: StepRequest, resource: Resource, params: Mapping[str, Any], change: Change) -> None:
    """Refuse to change what is to be guarded where nobody guards."""
    del resource, params, change
    raise StepFailed(f"{step.id} is to be confirmed, and nothing can take it back here")


def _refuse_full(resource: Resource, change: Change) -> None:
    """Raise Conflict when a thing is to be removed that has other things in it."""
    left = sorted(resource.inside()) if change.removes else []
    if left:
        shown = ", ".join(left[:3]) + (", ..." if left[3:] else "")
        cause = f"it cannot be removed while {shown} is in it"
        raise Conflict(cause, remedy="declare their removal before it, or remove them by hand")
