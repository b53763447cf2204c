"""What reverting a run would do on each of its targets, and why it would do nothing on some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from cutter.agent.requests import RevertRequest
from cutter.app.applying import WritingSession
from cutter.app.compensating import TargetRevert, beyond_a_look
from cutter.app.refusing import Refusals, of_the_run
from cutter.app.settling import history
from cutter.engine.compensation import inverse_steps, recorded
from cutter.engine.side_by_side import Strand, answers
from cutter.engine.stopping import Stop, Unheeded
from cutter.engine.target import Target
from cutter.errors import CutterError, StalePlan, WrongTarget
from cutter.model.runs import RunRecord
from cutter.named_tuple import NamedTuple

_BY_HAND = "put those back by hand, or write a runbook that declares what should be"
_AGAIN = "apply the runbook again: it looks and goes on; what that run does can be taken back"


class RevertPlan(NamedTuple):
    """What is taken back on each target, and the targets that are refused: each costs itself alone."""

    reverts: tuple[TargetRevert, ...]
    refused: Refusals

    @property
    def steps(self) -> int:
        """How many steps are taken back."""
        return sum(len(revert.requests) for revert in self.reverts)

    def without(self, more: Refusals) -> RevertPlan:
        """Return the plan without further targets. Raises why the first is refused where none is left."""
        reverts = tuple(revert for revert in self.reverts if revert.target not in more)
        refused = {**self.refused, **more}
        if refused and not reverts:
            raise of_the_run(refused)
        return RevertPlan(reverts, refused)


def plan_of_targets(session: WritingSession, run: RunRecord) -> RevertPlan:
    """Return the plan, without targets that left nothing to do. Raises where nothing but refusals is left.

    A target apart that cannot be looked at is refused, and so is another machine under the same name.
    """
    again = _broke_off(session, run)
    found: list[TargetRevert] = []
    refused: dict[str, CutterError] = {}
    strands = []
    for name in targets_of(run):
        target = session.workspace.target(name)
        strands.append(Strand(target, partial(_planned, run, target, again)))
    for name, answer in zip(targets_of(run), answers(strands, Unheeded(), _parallel(session)), strict=True):
        if isinstance(answer, CutterError):
            refused[name] = answer
        elif answer.requests:
            found.append(answer)
    return RevertPlan(tuple(found), {}).without(refused)


def moved_on(session: WritingSession, reverts: Sequence[TargetRevert]) -> Refusals:
    """Return the targets on which something changed since the run, or depends on what it did, naming each."""
    strands = []
    for revert in reverts:
        target = session.workspace.target(revert.target)
        strands.append(Strand(target, partial(_moved, revert, target)))
    found = answers(strands, Unheeded(), _parallel(session))
    named = zip((revert.target for revert in reverts), found, strict=True)
    return {name: error for name, error in named if error is not None}


def targets_of(run: RunRecord) -> list[str]:
    """Return the targets of a run, in its order."""
    return list(dict.fromkeys(item["target"] for item in run.evidence))


def _planned(run: RunRecord, target: Target, again: bool, stop: Stop) -> Iterator[TargetRevert | CutterError]:  # noqa: FBT001 - it is bound before the strand begins
    del stop
    unknown = [step["step"] for name, step in run.unknown() if name == target.name]
    if unknown:
        cause = f"what came of {', '.join(unknown)} is not known, so there is no telling what to take back"
        yield _costs_itself(target, StalePlan(cause, remedy=_AGAIN))
        return
    bodies = [item for item in run.evidence if item["target"] == target.name]
    evidence = list(map(recorded, bodies))
    beyond = [f"{item.step}: {item.world}" for item in beyond_a_look(evidence)]
    if beyond:
        yield StalePlan(f"it cannot all be taken back: {'; '.join(beyond)}", remedy=_BY_HAND)
        return
    requests = inverse_steps(evidence)
    if not requests:
        yield TargetRevert(target.name, "", ())  # nobody has to answer there
        return
    try:
        identity = _same_machine(target, bodies)
        yield TargetRevert(target.name, identity, _still_to_do(target, requests) if again else requests)
    except WrongTarget as error:
        yield error
    except CutterError as error:
        yield _costs_itself(target, error)


def _costs_itself(target: Target, error: CutterError) -> CutterError:
    """Return why a target apart is refused; of any other, raise it: without it nothing is taken back."""
    if not target.apart:
        raise error
    return error


def _same_machine(target: Target, bodies: Sequence[Mapping[str, Any]]) -> str:
    identity, before = target.identity(), next(item["identity"] for item in bodies if item["identity"])
    if identity != before:
        cause = f"it is {identity} now; the run was on {before}"
        raise WrongTarget(cause, remedy="revert it on the machine where it ran")
    return identity


def _still_to_do(target: Target, requests: Sequence[RevertRequest]) -> tuple[RevertRequest, ...]:
    """Leave out what is as it was before the run already."""
    already = [request._replace(expected=request.goal) for request in requests]
    reasons = target.revertible(already)
    return tuple(request for request, why in zip(requests, reasons, strict=True) if why)


def _broke_off(session: WritingSession, run: RunRecord) -> bool:
    """Tell whether a revert of that run did not do all of it."""
    reverts = [later for later in history(session.ledger).values() if later.reverts == run.run]
    return bool(reverts) and reverts[-1].exit_code != 0


def _moved(revert: TargetRevert, target: Target, stop: Stop) -> Iterator[CutterError | None]:
    del stop
    try:
        reasons = target.revertible(revert.requests)
    except CutterError as error:
        yield _costs_itself(target, error)
        return
    moved = [f"{step.id}: {why}" for step, why in zip(revert.requests, reasons, strict=True) if why]
    told = f"{len(moved)} of {len(revert.requests)} steps cannot be taken back: " + "; ".join(moved)
    yield StalePlan(told, remedy=_BY_HAND) if moved else None


def _parallel(session: WritingSession) -> int:
    return session.workspace.parallel
