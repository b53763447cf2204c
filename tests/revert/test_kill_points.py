"""Killed at every statement of a revert: all of the cut is there, or none; the next command ends well."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest
from governed_project import RUN
from project import gap_matrix, in_child

from cutter.app import reverting
from cutter.cli import _revert_cut
from cutter.cli.main import main
from cutter.ledger.sqlite import SqliteLedger

if TYPE_CHECKING:
    from pathlib import Path

    from revert_cases import Cutter

GONE = {"cuts": [], "units": [(0,)], "lifecycle": [(1, "draft", None)]}
KILLED = -signal.SIGKILL


class Points:
    """Counts the statements, commits and entries of a process, and kills it at one of them."""

    def __init__(self, at: int, told: Path, only: str) -> None:
        self.at = at
        self.only = only
        self.told = told
        self.count = 0
        self.names: list[str] = []
        self.counting = False

    def install(self, start: tuple[Any, str]) -> None:
        """Wrap the calls in this process for good, and begin to count when `start` is called."""
        for owner, name in (
            (psycopg.Cursor, "execute"),
            (psycopg.Connection, "commit"),
            (SqliteLedger, "append"),
        ):
            setattr(owner, name, self._wrapped(name, getattr(owner, name)))
        begun = getattr(*start)

        def beginning(*args: Any, **words: Any) -> Any:
            self.counting = True
            return begun(*args, **words)

        setattr(*start, beginning)

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def passed_by(*args: Any, **words: Any) -> Any:
            self._pass_by(f"before {name} {_said(args)}")
            answer = call(*args, **words)
            self._pass_by(f"after {name} {_said(args)}")
            return answer

        return passed_by

    def _pass_by(self, name: str) -> None:
        if not self.counting or self.only not in name:
            return
        self.count += 1
        self.names.append(name)
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.told.write_text("\n".join(self.names))


def _said(args: tuple[Any, ...]) -> str:
    return " ".join(str(args[1])[:70].split()) if len(args) > 1 else ""


class Try(NamedTuple):
    """A revert in a child process: what, as which run, counted from which call on, and which points count."""

    what: str
    run: str
    start: tuple[Any, str]
    only: str = ""

    def killed_at(self, cutter: Cutter, number: int) -> tuple[int, list[str]]:
        """Return the exit code of the child, killed at a point, and the points it came to."""
        told = cutter.project.folder / "points"
        told.write_text("")
        words = ["revert", "-i", str(cutter.project.folder / "inventory/here"), "--yes", self.what]

        def work() -> int:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            for room in (reverting, _revert_cut):
                room.new_run_id = lambda: self.run  # type: ignore[attr-defined]
            Points(number, told, self.only).install(self.start)
            return main(words)

        with cutter.project.held_on(self.run):
            return in_child(work), told.read_text().splitlines()


def is_whole(cutter: Cutter, before: dict[str, list[Any]]) -> bool:
    """Tell whether the cut is there, whole; if not, nothing of it is, and its record is."""
    state = cutter.state()
    if state["cuts"]:
        assert {**state, "cuts": 0} == {**before, "cuts": 0}
        return True
    assert state == GONE
    return False


def run_number(number: int) -> str:
    return f"20260102T{number:06}Z-abcdef"


class Sweep:
    """Every point of the revert of a cut, one after the other; a cut that is gone is made anew."""

    def __init__(self, cutter: Cutter) -> None:
        self.cutter = cutter
        self.before = cutter.state()
        self.cut = 1
        self.whole: list[bool] = []

    def step(self) -> int:
        """Kill at the next point, look, and go on; return the exit code of the killed one."""
        cutter, number = self.cutter, len(self.whole) + 1
        tried = Try(f"cut:{self.cut}", run_number(number), (_revert_cut, "revert_cut"))
        code, points = tried.killed_at(cutter, number)
        if code != 0:
            assert code == KILLED
            assert cutter.gap() != "CLOSED" or "after append" not in " ".join(points)
            self.whole.append(is_whole(cutter, self.before))
            if not self.whole[-1]:
                settles(cutter, tried.what, tried.run)
                self.make_anew(number)
        return code

    def make_anew(self, number: int) -> None:
        """Cut and enact again, so that there is something to take back at the next point."""
        assert self.cutter.gap() != "CLOSED"
        self.cutter.apply(self.cutter.path, f"20260103T{number:06}Z-abcdef")
        self.cut = self.cutter.state()["cuts"][0][0]


@pytest.mark.slow
def test_at_every_point_of_a_revert_of_a_cut(cutter: Cutter) -> None:
    cutter.project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: [cut, enact]}"))
    assert cutter.project.cutter("verify", cutter.path).code == 0
    assert cutter.gap() == "CLOSED"
    sweep = Sweep(cutter)
    while sweep.step():
        pass
    assert sweep.whole == sorted(sweep.whole, reverse=True), "once gone, it is gone at every later point"
    assert sweep.whole.count(True) > 8
    assert sweep.whole.count(False) > 8
    assert cutter.state() == GONE
    assert len(cutter.compensations()) == sweep.whole.count(False) + 1
    assert all(run["state"] != "unsettled" for run in cutter.project.json("runs", "-n", "200")["runs"])
    assert cutter.project.sql("SELECT cutter.governance_fault()") == [(None,)]


def settles(cutter: Cutter, what: str, run: str) -> None:
    """Check that the next revert looks, says that it is done, and says so of the run that could not."""
    answer = cutter.project.cutter("revert", "--yes", what)
    assert answer.code == 0, answer
    assert f"was taken back by run {run}; nothing is left of it" in answer.out
    assert cutter.project.json("runs", "show", run)["unknown"] == []


@pytest.mark.parametrize("number", [1, 25, 70])
def test_at_points_of_the_proof(number: int, cutter: Cutter) -> None:
    before = cutter.state()
    tried = Try("cut:1", run_number(number), (_revert_cut, "prove_cut_revert"))
    assert tried.killed_at(cutter, number)[0] == KILLED
    assert cutter.state() == before
    assert cutter.project.entries("intent")[-1]["run"] == RUN
    assert tried._replace(run=run_number(0)).killed_at(cutter, 0)[0] == 0
    assert cutter.state() == GONE


@pytest.mark.slow
@pytest.mark.parametrize(("only", "points"), [("commit", 6), ("append", 10)])
def test_at_every_commit_and_entry_of_a_revert_of_the_run(only: str, points: int, cutter: Cutter) -> None:
    run = RUN
    for number in range(1, points + 1):
        tried = Try(run, run_number(number), (reverting, "_revert"), only)
        assert tried.killed_at(cutter, number)[0] == KILLED
        goes_on(cutter, run, run_number(number), f"20260104T{number:06}Z-abcdef")
        run = f"20260103T{number:06}Z-abcdef"
        cutter.apply(cutter.path, run)
    assert Try(run, run_number(0), (reverting, "_revert"), only).killed_at(cutter, points + 1)[0] == 0


def goes_on(cutter: Cutter, run: str, dead: str, own: str) -> None:
    """Check that the next revert takes back what is left, unless the dead one had said that all was done."""
    answer = cutter.revert(run, run=own)
    finished = cutter.project.json("runs", "show", dead).get("state") == "finished"
    assert answer.code == (20 if finished else 0), answer
    assert cutter.project.sql("SELECT count(*) FROM cutter.document") == [(0,)]
    assert cutter.project.sql("SELECT count(*) FROM cutter.information_unit") == [(0,)]
