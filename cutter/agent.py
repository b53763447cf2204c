"""Runs steps where the target is: look, decide, move, look again. Travels to the target.

Nothing here knows a resource type by name, a ledger or a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Optional, Union

from cutter import facts
from cutter.errors import Conflict, CutterError, PermissionRefused, StalePlan, StepFailed, Unavailable
from cutter.model.evidence import Evidence, Outcome
from cutter.model.plan import Look, Prediction
from cutter.model.references import BadReference, Unresolved, references, resolve
from cutter.model.state import Change, State
from cutter.resource import Content, Context, Resource, type_complaints
from cutter.resources import resource_type


class RevertRequest(NamedTuple):
    """One step to take back: how it must still be, and how it was. `params` are those it was applied with."""

    id: str
    type: str
    params: Mapping[str, Any]
    content_hash: str
    expected: Optional[State]
    goal: Optional[State]


class StepRequest(NamedTuple):
    """One step as the target gets it. `planned` is the change not to be exceeded; None where unknown."""

    id: str
    type: str
    params: Mapping[str, Any]
    content_hash: str
    planned: Optional[Change] = None


class Agent:
    """One pass over the steps of one target; outputs of earlier steps serve later ones."""

    def __init__(self, content: Content, digest_key: bytes, context: Optional[Context] = None) -> None:
        """Take bytes from `content`, digest secrets with the key; `context` is there for a database."""
        self.content = content
        self.digest_key = digest_key
        self.context = context
        self.outputs: dict[str, Mapping[str, str]] = {}

    def look(self, steps: Iterable[StepRequest], *, preview: bool = False) -> Iterator[Look]:
        """Yield what each step would do; nothing on the target is changed."""
        pending: list[Look] = []
        for step in steps:
            look = self._look_at(step, pending, preview=preview)
            if look.prediction in (Prediction.CHANGE, Prediction.UNKNOWN):
                if not pending or _makes_way(look):  # the others would only be asked in vain, again and again
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
        for step in steps:
            if not halted and stop():
                halted = "the run was interrupted"
            evidence = _skipped(step, halted) if halted else self._apply_one(step)
            if not halted and not evidence.outcome.success:
                halted = f"{step.id} did not succeed"
            yield evidence

    def revert(self, steps: Iterable[RevertRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Take steps back in the order given; what comes after the first failure is skipped."""
        halted = ""
        for step in steps:
            if not halted and stop():
                halted = "the run was interrupted"
            evidence = _skipped(step, halted) if halted else self._revert_one(step)
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
                yield self._barrier(step, back)
            except (CutterError, OSError, LookupError) as error:  # noqa: PERF203 - each step has its own
                yield str(error)

    def _barrier(self, step: RevertRequest, back: dict[str, Optional[State]]) -> str:
        kind = resource_type(step.type)
        if kind.needs_reason(step.params):
            return "it cannot be undone"
        resource = self._made(kind, step.params)
        touched = [place for place in resource.places() if place in back]
        found = _as_left(back[touched[0]], step.expected) if touched else resource.observe()
        moved_on = _moved_on(step, found)
        if moved_on:
            return moved_on
        resource.ready(Change(found, step.goal), self.content)
        back.update(dict.fromkeys(resource.places(), step.goal))
        left = [path for path in resource.inside() if path not in back] if step.goal is None else []
        return f"the run did not put {', '.join(sorted(left)[:3])} there" if left else ""

    def workplaces(self, steps: Iterable[Union[StepRequest, RevertRequest]]) -> set[str]:
        """Return the folders in which these steps put something aside for a moment, as far as known now."""
        found: set[str] = set()
        for step in steps:
            with suppress(CutterError, BadReference, Unresolved, LookupError):
                params = resolve(step.params, self._lookup)
                found.update(self._made(resource_type(step.type), params).workplaces())
        return found

    def _look_at(self, step: StepRequest, pending: list[Look], *, preview: bool) -> Look:
        try:
            resource = self._resource(step)
            before, after = resource.observe(), resource.desired()
        except Unresolved as missing:
            return _unknown(step, f"{missing.name} is known when {missing.name.split('.')[1]} is applied")
        except CutterError as error:
            return _obstacle(step, error, pending)
        except OSError as error:
            return _obstacle(step, _from_os(error), pending)
        return self._answer(step, resource, Change(before, after), preview=preview)

    def _answer(self, step: StepRequest, resource: Resource, change: Change, *, preview: bool) -> Look:
        if change.empty:
            outputs = resource.results(change.before)
            return Look(step.id, Prediction.NO_CHANGE, change.before, change.after, outputs=outputs)
        shown = resource.preview(change, self.content) if preview else ""
        return Look(step.id, Prediction.CHANGE, change.before, change.after, preview=shown)

    def _resource(self, step: StepRequest) -> Resource:
        return self._built(step, resolve(step.params, self._lookup))

    def _built(self, step: StepRequest, params: Mapping[str, Any]) -> Resource:
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

    def _apply_one(self, step: StepRequest) -> Evidence:
        attempt = _Attempt(step)
        try:
            return self._attempt(step, attempt)
        except Unresolved as missing:
            error: CutterError = StepFailed(f"{missing.name} is not known: that step has no such output here")
        except BadReference as bad:
            error = StepFailed(str(bad))
        except CutterError as known:
            error = known
        except OSError as failure:
            error = _from_os(failure)
        except Exception as bug:  # noqa: BLE001 - a bug in one step must not lose the record of the others
            error = _bug(step, bug)
        return attempt.failed(error)

    def _revert_one(self, step: RevertRequest) -> Evidence:
        attempt = _Attempt(step)
        attempt.params = step.params
        try:
            resource = attempt.resource = self._made(resource_type(step.type), step.params)
            found = resource.observe()
            attempt.change, attempt.looked = Change(found, step.goal), True
            moved_on = _moved_on(step, found)
            if moved_on:
                raise StalePlan(moved_on)  # noqa: TRY301 - told like what is met on the way
            attempt.moving = True
            resource.apply(Change(found, _exactly(resource, step.goal)), self.content)
            attempt.observed = resource.observe()
            if attempt.observed != step.goal:
                raise StepFailed("a fresh look finds it otherwise than before the run")  # noqa: TRY301
        except CutterError as error:
            return attempt.failed(error)
        except OSError as error:
            return attempt.failed(_from_os(error))
        except LookupError:
            return attempt.failed(StepFailed("the content it had is no longer kept on the target"))
        except Exception as bug:  # noqa: BLE001 - a bug in one step must not lose the record of the others
            return attempt.failed(_bug(step, bug))
        return attempt.compensated()

    def _attempt(self, step: StepRequest, attempt: _Attempt) -> Evidence:
        attempt.params = resolve(step.params, self._lookup)
        resource = attempt.resource = self._built(step, attempt.params)
        change = attempt.change = Change(resource.observe(), resource.desired())
        attempt.looked = True
        planned = step.planned
        if planned is not None and not change.within(planned):
            raise StalePlan("it would now do more than was planned: " + _beyond(change, planned))
        if not change.empty:
            attempt.moving = True
            resource.apply(change, self.content)
            attempt.observed = resource.observe()
        rest = Change(attempt.observed, resource.desired()) if not change.empty else change
        if not rest.empty:
            raise StepFailed(f"a fresh look still differs in {_named(rest)}")
        self.outputs[step.id] = resource.results(rest.before)
        return attempt.succeeded(rest.before, self.outputs[step.id])


class _Attempt:
    """What is known of a step while it is applied, so that a failure can say what was seen."""

    def __init__(self, step: Union[StepRequest, RevertRequest]) -> None:
        self.step = step
        self.params: Mapping[str, Any] = {}
        self.resource: Optional[Resource] = None
        self.change = Change(None, None)
        self.looked = False
        self.moving = False
        self.observed: Optional[State] = None

    def compensated(self) -> Evidence:
        return self._evidence(Outcome.COMPENSATED, self.observed)

    def succeeded(self, observed: Optional[State], outputs: Mapping[str, str]) -> Evidence:
        outcome = Outcome.OK if self.change.empty else Outcome.CHANGED
        return self._evidence(outcome, observed, outputs=dict(outputs))

    def failed(self, error: CutterError) -> Evidence:
        outcome = Outcome.STALE if isinstance(error, StalePlan) else Outcome.FAILED
        reason = error.cause if not error.place else f"{error.place}: {error.cause}"
        told = {"reason": reason, "remedy": error.remedy}
        if self.resource is None or not self.looked:
            return self._evidence(outcome, None, **told)
        if self.moving and self.resource.opaque:
            told["world"] = error.world
        try:
            seen = self.resource.observe()
        except Exception:  # noqa: BLE001 - whatever it is, nobody saw how the step was left
            return self._evidence(Outcome.UNKNOWN if self.moving else outcome, self.change.before, **told)
        return self._evidence(outcome, seen, **told)

    def _evidence(self, outcome: Outcome, observed: Optional[State], **told: Any) -> Evidence:
        return Evidence(
            step=self.step.id,
            type=self.step.type,
            content_hash=self.step.content_hash,
            outcome=outcome,
            before=self.change.before,
            after=self.change.after,
            observed=observed,
            keys=tuple(sorted(self.change.keys)),
            params=None
            if outcome is Outcome.OK or self.resource is None
            else self.resource.recorded(self.params),
            **told,
        )


def drift_of(look: Look, step: StepRequest) -> Evidence:
    """Return what a look alone says of a step: ok, drifted, or why it could not be seen."""
    outcome = {
        Prediction.NO_CHANGE: Outcome.OK,
        Prediction.CHANGE: Outcome.DRIFTED,
        Prediction.UNKNOWN: Outcome.DRIFTED,
        Prediction.BLOCKED: Outcome.UNOBSERVABLE
        if look.exit_code == Unavailable.exit_code
        else Outcome.DRIFTED,
    }[look.prediction]
    drift = look.prediction is Prediction.CHANGE
    return Evidence(
        step=step.id,
        type=step.type,
        content_hash=step.content_hash,
        outcome=outcome,
        before=look.before,
        after=look.after,
        observed=look.before,
        keys=tuple(sorted(look.change.keys)) if drift else (),
        reason=look.reason or (f"differs in {_named(look.change)}" if drift else ""),
        remedy=look.remedy,
        outputs=dict(look.outputs) or None,
    )


def depends_on(step: StepRequest) -> tuple[str, ...]:
    """Return the ids of the steps whose outputs this one uses."""
    names = references(step.params)
    return tuple(name.split(".")[1] for name in names if name.startswith("steps."))


def _skipped(step: Union[StepRequest, RevertRequest], reason: str) -> Evidence:
    return Evidence(step.id, step.type, step.content_hash, Outcome.SKIPPED, reason=reason)


def _unknown(step: StepRequest, reason: str) -> Look:
    return Look(step.id, Prediction.UNKNOWN, reason=reason)


def _obstacle(step: StepRequest, error: CutterError, pending: list[Look]) -> Look:
    """Judge why a step cannot be seen: an earlier pending step may move it out of the way, or none does."""
    makes_way = any(map(_makes_way, pending))
    if (isinstance(error, Unavailable) and pending) or (isinstance(error, Conflict) and makes_way):
        return _unknown(step, f"{error.cause}; an earlier step may change that")
    code = error.exit_code if isinstance(error, (Unavailable, PermissionRefused)) else Conflict.exit_code
    return Look(step.id, Prediction.BLOCKED, reason=error.cause, remedy=error.remedy, exit_code=code)


def _makes_way(look: Look) -> bool:
    return look.prediction is Prediction.UNKNOWN or look.change.removes


def _moved_on(step: RevertRequest, found: Optional[State]) -> str:
    """Say how a thing differs from what the run left, or nothing where it does not."""
    if found == step.expected:
        return ""
    change = Change(found, step.expected)
    return f"it changed since the run: {_named(change)}" if not change.empty else "it changed since the run"


def _as_left(back: Optional[State], expected: Optional[State]) -> Optional[State]:
    """Return the state that a newer step leaves, seen through an older step of the same place.

    Each step sees keys of its own in a thing; about those of the older step alone nothing else can be said.
    """
    if back is None or expected is None:
        return back
    return {key: back.get(key, value) for key, value in expected.items()}


def _exactly(resource: Resource, goal: Optional[State]) -> Optional[State]:
    """Return the state to put back, with None for what it did not have and might get from its folder."""
    return None if goal is None else {**dict.fromkeys(resource.inherited), **goal}


def _bug(step: Union[StepRequest, RevertRequest], bug: Exception) -> CutterError:
    return StepFailed(f"internal error in {step.type}: {type(bug).__name__}{_where(bug)}")


def _from_os(error: OSError) -> CutterError:
    text = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    if isinstance(error, PermissionError):
        return PermissionRefused(text, remedy="run as a user who may do this, or choose another place")
    return StepFailed(text)


def _named(change: Change) -> str:
    if change.creates:
        return "existence: it is missing"
    if change.removes:
        return "existence: it is there"
    before, after = change.before or {}, change.after or {}
    return ", ".join(
        f"{key} ({_shown(before.get(key))} instead of {_shown(after[key])})" for key in sorted(change.keys)
    )


def _shown(value: object) -> str:
    """Return a value short enough to read: digests are cut, and those of secrets are not shown at all."""
    text = str(value)
    if text.startswith("hmac-sha256:"):
        return "***"
    return text[:15] + "..." if text.startswith("sha256:") else text


def _beyond(change: Change, planned: Change) -> str:
    if change.after != planned.after:
        return "another state is wanted now"
    return ", ".join(sorted(change.keys - planned.keys)) or "it is there now, or gone"


def _where(bug: BaseException) -> str:
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
