"""Puts back what was begun under a guard, and says how it is then. Travels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from cutter.agent import armed
from cutter.agent.armed import Begun, Noted
from cutter.agent.duties import in_order, lasting
from cutter.agent.ending import let_end
from cutter.agent.requests import RevertRequest
from cutter.agent.running import Agent
from cutter.agent.words import named
from cutter.errors import CutterError, StepFailed
from cutter.model.evidence import Evidence, Outcome
from cutter.model.state import Change
from cutter.resources import resource_type

TAKEN_BACK = "taken back"
_NOT_CONFIRMED = "it was not confirmed in time, and was taken back"
_NOT_REVERTED = "its revert was not confirmed in time, and was undone"


def put_back(agent: Agent, begun: Sequence[Begun]) -> list[Evidence]:
    """Put things back, newest first, and then once more what that has disturbed, oldest first.

    What was as declared before the group began, such as a service that had read its configuration, is left
    for the second turn: only then the thing that it depends on is the old one. Errors are not told: whoever
    looks sees how it is. Returned is the evidence of what was done, in the order in which it was.
    """
    requests = in_order([_request(step) for step in reversed(begun)])
    agent.duties.listen(requests)
    changed = {step.id for step in begun if not Change(step.goal, step.after).empty}
    found: list[Evidence] = []
    for request in requests:
        owes = bool(resource_type(request.type).owing(request.params))
        if request.id in changed or owes:
            found += _put_one_back(agent, request, anyhow=owes)
    for step in begun:
        found += _put_one_back(agent, _request(step))
    return found


def looked_at(agent: Agent, begun: Sequence[Begun]) -> Iterator[Evidence]:
    """Yield, of what was put back, whether a fresh look finds it as it was."""
    for step in begun:
        yield _looked_at(agent, step)


def taken_back(folder: str, name: str, agent: Agent, *, at_rest: bool) -> None:
    """Put a group back that is being taken; it is taken once a look finds all as it was, and else stuck.

    With `at_rest`, nothing of it is under way any more.
    """
    path = armed.path_of(folder, armed.TAKING, name)
    if not at_rest:
        let_end(path)
    noted = armed.read(path)
    if noted.marks:  # who took them died before it turned, and what is put back now is put back after them
        _note_found(path, [])
    found = put_back(agent, noted.begun)
    is_back = all(map(_is_back, looked_at(agent, noted.begun)))
    if is_back and any(each.marks for each in found):
        with suppress(CutterError, OSError):  # without marks it stays owed, and is done once more
            _note_found(path, found)
    armed.turn(folder, name, armed.TAKING, armed.TAKEN if is_back else armed.STUCK)


def came_of_it(folder: str, name: str, agent: Agent) -> list[Evidence]:
    """Look at a group that was taken back, or could not be; what was slow to go back is so no longer."""
    state, path = armed.standing(folder, name)
    if not path:
        return []
    noted = armed.read(path)
    found = [_marked(item, noted) for item in looked_at(agent, noted.begun)]
    if state == armed.STUCK and all(map(_is_back, found)):
        armed.turn(folder, name, armed.STUCK, armed.TAKEN)
    return [_not_reverted(item) if _is_back(item) else item for item in found] if noted.reverts else found


def take_back_overdue(folder: str, agent: Agent) -> list[tuple[str, list[Evidence]]]:
    """Take back what a guard that died has left; return, of each group, its run and what came of its steps.

    Raises LockHeld while a guard lives, StepFailed for what cannot be taken back.
    """
    return [_overdue(folder, name, agent) for _, name in list(armed.in_state(folder))]


def take_over(folder: str, name: str, agent: Agent) -> bool:
    """Take a group back in the place of its guard, if that is dead; False where it lives."""
    _, path = armed.standing(folder, name)
    if not path:
        return False
    with armed.held(path) as mine:
        states = (*armed.OPEN, armed.STUCK) if mine else ()
        was = next((state for state in states if armed.turn(folder, name, state, armed.TAKING)), "")
        if was:
            taken_back(folder, name, agent, at_rest=was == armed.DUE)
        return mine


def _overdue(folder: str, name: str, agent: Agent) -> tuple[str, list[Evidence]]:
    if not take_over(folder, name, agent):
        raise armed.undecided(folder, name)
    run, found = armed.run_of(name), came_of_it(folder, name, agent)
    other = [item.step for item in found if not _is_back(item)]
    if other:
        _, path = armed.standing(folder, name)
        raise StepFailed(
            f"run {run} was never confirmed, and cannot be taken back: {', '.join(other)}",
            place=path,
            world="not as it was before that run",
            remedy=f"put it back by hand, then apply again; to leave it as it is, remove {path}",
        )
    armed.forget(folder, [run])
    return run, found


def _note_found(path: str, found: Sequence[Evidence]) -> None:
    """Note what was found last: the marks of who listens, and what is done since the last thing changed."""
    marks = {each.step: each.marks or {} for each in found}
    settled: dict[str, Mapping[str, str]] = {}
    for each in found:
        if each.touched:
            settled.clear()
        if each.settled:
            settled[each.step] = each.settled
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        armed.note(file, {"marks": marks, "settled": settled})
    finally:
        os.close(file)


def _marked(found: Evidence, noted: Noted) -> Evidence:
    """Return the evidence of what is back, with what was found then of what is owed because of it."""
    if not _is_back(found):
        return found
    marks, settled = (each.get(found.step) or None for each in (noted.marks, noted.settled))
    return found._replace(marks=marks, settled=settled)


def _is_back(found: Evidence) -> bool:
    return found.guard == TAKEN_BACK


def _not_reverted(found: Evidence) -> Evidence:
    """Return the evidence of a revert that was undone: it failed, and the thing is as the revert found it."""
    return found._replace(outcome=Outcome.FAILED, reason=_NOT_REVERTED)


def _request(step: Begun) -> RevertRequest:
    return RevertRequest(step.id, step.type, step.params, step.content_hash, None, step.goal)


def _put_one_back(agent: Agent, request: RevertRequest, *, anyhow: bool = False) -> list[Evidence]:
    """Put one thing back, also one that is as it was where it has to do more than that; return evidence."""
    try:
        resource = agent.resource_of(request.type, request.params)
        found = lasting(resource, resource.observe())
    except Exception:  # noqa: BLE001 - taking it back meets the same, and the others go on
        found = request.goal
    else:
        if found == lasting(resource, request.goal) and not anyhow:
            return []
    return list(agent.revert([request._replace(expected=found)], lambda: False))


def _looked_at(agent: Agent, step: Begun) -> Evidence:
    told = Evidence(
        step.id,
        step.type,
        step.content_hash,
        Outcome.COMPENSATED,
        before=step.goal,
        after=step.after,
        observed=step.goal,
        keys=tuple(sorted(Change(step.goal, step.after).keys)),
        reason=_NOT_CONFIRMED,
        params=step.params,
        guard=TAKEN_BACK,
    )
    try:
        resource = agent.resource_of(step.type, step.params)
        found, goal = (lasting(resource, state) for state in (resource.observe(), step.goal))
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody saw how it is
        reason = f"it was taken back, and nobody could look at it then: {error}"
        return told._replace(outcome=Outcome.UNKNOWN, observed=None, reason=reason, guard=armed.ARMED)
    if found == goal:
        return told
    reason = f"it was not confirmed in time, and is not as it was: {named(Change(found, goal))}"
    return told._replace(
        outcome=Outcome.FAILED, observed=found, reason=reason, remedy="put it back by hand", guard=armed.ARMED
    )
