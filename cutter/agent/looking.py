"""One pass over the steps of one target that only looks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Optional

from cutter import facts
from cutter.agent.duties import Duties
from cutter.agent.looks import Neighbours, doomed, makes_way, obstacle, unknown
from cutter.agent.requests import Request, StepRequest
from cutter.agent.words import from_os
from cutter.errors import Conflict, CutterError, Unavailable
from cutter.model.look import Look, Prediction
from cutter.model.references import Unresolved, parts, resolve
from cutter.model.state import Change
from cutter.resource import Content, Context, Resource, type_complaints
from cutter.resources import resource_type

_FORESTALLED = (
    "cutter makes it itself where it needs it earlier, for its own state: "
    "this step then only alters it, and a revert leaves it there"
)


class Looker:
    """One pass over the steps of one target; outputs of earlier steps serve later ones."""

    state_folder: str = ""
    """Where cutter keeps its own state on the target; empty where it keeps none there."""

    def __init__(self, content: Content, digest_key: bytes, context: Optional[Context] = None) -> None:
        """Take bytes from `content`, digest secrets with the key; `context` is there for a database."""
        self.content = content
        self.digest_key = digest_key
        self.context = context
        self.outputs: dict[str, Mapping[str, str]] = {}
        self.duties = Duties(self._resource)

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
            look = self._answer(step, resource, Change(before, after), pending, preview=preview)
            done = step.owed and look.prediction is Prediction.NO_CHANGE
            return look._replace(settled=owed.settled()) if done else look
        except Unresolved as missing:
            return unknown(step, f"{missing.name} is known when {parts(missing.name)[1]} is applied")
        except CutterError as error:
            return obstacle(step, error, pending)
        except OSError as error:
            return obstacle(step, from_os(error), pending)

    def _answer(
        self, step: StepRequest, resource: Resource, change: Change, pending: list[Look], *, preview: bool
    ) -> Look:
        if change.empty:
            outputs = resource.results(change.before)
            found = Look(step.id, Prediction.NO_CHANGE, change.before, change.after, outputs=outputs)
            return found._replace(each_run=resource.each_run)
        try:
            resource.foresee(change)
        except CutterError as error:
            if not (pending and isinstance(error, Unavailable)):  # an earlier step may bring it
                return doomed(step, change, error)
        told = [resource.summary(change), resource.preview(change, self.content) if preview else ""]
        shown = "\n".join(filter(None, [self._forestalled(resource, change), *told]))
        return Look(step.id, Prediction.CHANGE, change.before, change.after, preview=shown)

    def _forestalled(self, resource: Resource, change: Change) -> str:
        """Say of what a step would create that cutter may make it earlier, for its own state; or nothing."""
        below = f"{self.state_folder}/"
        if change.creates and any(below.startswith(f"{place}/") for place in resource.places()):
            return _FORESTALLED
        return ""

    def _resource(self, step: Request) -> Resource:
        params = resolve(step.params, self._lookup)
        if params == step.params:  # whoever sent them has judged them, all but what is resolved here
            return self._made(resource_type(step.type), params)
        return self._built(step, params)

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


def _refuse_full(resource: Resource, change: Change) -> None:
    """Raise Conflict when a thing is to be removed that has other things in it."""
    left = sorted(resource.inside()) if change.removes else []
    if left:
        shown = ", ".join(left[:3]) + (", ..." if left[3:] else "")
        cause = f"it cannot be removed while {shown} is in it"
        raise Conflict(cause, remedy="declare their removal before it, or remove them by hand")
