"""Marks of what was put back: those of somebody who died over it prove nothing of what is put back later."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cutter.agent import armed
from cutter.agent.putting_back import came_of_it, take_over
from cutter.agent.running import Agent
from cutter.filesystem.kept import KeptContent

if TYPE_CHECKING:
    from pathlib import Path

NAME = "R1-0"
MARKS = {"folder": {"restart of web.service": "an invocation"}}
SETTLED = {"folder": {"reload of db.service": "a reload"}}


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(KeptContent(str(tmp_path / "kept")), b"key")


def put_back(agent: Agent, folder: Path, state: str) -> str:
    """Arm a folder that is shut to others, let it stand so, and return where the state is."""
    thing = folder / "thing"
    thing.mkdir(mode=0o700)
    params = {"path": str(thing), "mode": "0755"}
    goal = agent.resource_of("directory", params).observe()
    step = armed.Begun("folder", "directory", params, "v1:0", goal, {"mode": "0755"})
    head = {"boot": armed.boot(), "deadline": 0.0, "proof": "", "steps": ["folder"], "pid": 0, "started": ""}
    where = str(folder / "state")
    file = armed.create(where, NAME, head)
    armed.begin(file, step)
    armed.note(file, {"done": "folder"})
    armed.note(file, {"marks": MARKS, "settled": SETTLED})
    os.close(file)
    assert armed.turn(where, NAME, armed.ARMED, state)
    return where


def test_they_are_told_of_what_is_back(tmp_path: Path, agent: Agent) -> None:
    where = put_back(agent, tmp_path, armed.TAKEN)
    (found,) = came_of_it(where, NAME, agent)
    assert (found.guard, found.marks) == ("taken back", MARKS["folder"])
    assert found.settled == SETTLED["folder"]


def test_they_are_void_where_it_is_put_back_once_more(tmp_path: Path, agent: Agent) -> None:
    where = put_back(agent, tmp_path, armed.TAKING)
    (tmp_path / "thing").chmod(0o755)
    assert take_over(where, NAME, agent)
    (found,) = came_of_it(where, NAME, agent)
    assert (found.guard, found.marks, found.settled) == ("taken back", None, None)
