"""What an agent that came by a fresh connection is asked about what is armed here. Travels."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from hmac import compare_digest
from typing import Any

from cutter.agent import armed, tenure
from cutter.agent.putting_back import came_of_it, take_back_overdue, take_over
from cutter.agent.running import Agent
from cutter.agent.tidings import evidence_body
from cutter.errors import PermissionRefused


def answer(agent: Agent, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answer to one of the verbs `confirm`, `came_of` and `overdue`."""
    if asked["verb"] == "confirm":
        return confirm(asked["state"], asked["name"], asked["token"])
    if asked["verb"] == "came_of":
        return came_of(agent, asked["state"], asked["name"])
    with tenure.tenure(asked["state"], asked["run"], asked["by"]):
        taken = take_back_overdue(asked["state"], agent)
    return {"taken": [[run, list(map(evidence_body, found))] for run, found in taken]}


def confirm(folder: str, name: str, token: str) -> Mapping[str, Any]:
    """Confirm a group whose steps are all applied, and return how it stands; with it, if so, its evidence.

    Of a confirmation and a take-back that meet, the one that renames first has won. Raises PermissionRefused
    for a word that is not that of its run.
    """
    state, path = armed.standing(folder, name)
    if state not in (armed.ARMED, armed.CONFIRMED):
        return {"state": state}
    try:
        noted = armed.read(path)
    except FileNotFoundError:  # it moved on in between, and never comes back
        return {"state": armed.standing(folder, name)[0]}
    if not compare_digest(str(noted.head["proof"]), armed.proof_of(token)):
        raise PermissionRefused("this is not the word of the run that armed it", place=path)
    if noted.complete is None:
        return {"state": state}
    if state == armed.ARMED and not armed.turn(folder, name, armed.ARMED, armed.CONFIRMED):
        return {"state": armed.standing(folder, name)[0]}
    return {"state": armed.CONFIRMED, "steps": noted.complete}


def came_of(agent: Agent, folder: str, name: str) -> Mapping[str, Any]:
    """Return how a group stands, and how its steps look now; what a dead guard has left is taken back."""
    with suppress(FileNotFoundError):  # it moved on in between
        state, path = armed.standing(folder, name)
        if state in armed.OPEN and armed.read(path).left <= 0:
            take_over(folder, name, agent)
    state, path = armed.standing(folder, name)
    if state in (armed.TAKEN, armed.STUCK):
        return {"state": state, "steps": list(map(evidence_body, came_of_it(folder, name, agent)))}
    complete = armed.read(path).complete if state == armed.CONFIRMED else None
    return {"state": state, "steps": complete or []}
