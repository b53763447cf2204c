"""Sweeps all points of an apply, a share of them at a time, in a process of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from faults import sweep
from faults.everything import Everything
from project import in_child

if TYPE_CHECKING:
    from faults.points import Strike

Verdict = Callable[[int, str], str]
"""Judges the exit code of a struck run, given the call that failed; empty when all is well."""


class Swept(NamedTuple):
    """What a share of a sweep found: how many points the apply has, how many were struck, what was wrong."""

    points: int
    struck: int
    faults: list[str]


def swept(folder: Path, key: Path | None, share: tuple[int, int], strike: Strike, verdict: Verdict) -> Swept:
    """Strike at every point of a share (number, of how many) that the verdict is asked about."""
    answer = folder / "answer.json"

    def work() -> int:
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        sweep.adopt_orphans()
        answer.write_text(json.dumps(_swept(folder, key, share, strike, verdict)))
        return 0

    assert in_child(work) == 0
    return Swept(*json.loads(answer.read_text()))


def _swept(folder: Path, key: Path | None, share: tuple[int, int], strike: Strike, verdict: Verdict) -> Swept:
    (folder / "project").mkdir()
    project = Everything(folder / "project", key)
    goal, names = sweep.undisturbed(project)
    faults, number = list[str](), 0
    for at, name in enumerate(names, start=1):
        if at % share[1] == share[0] and verdict(-1, name) != "not a point":
            project.renew()
            ended, _ = sweep.struck(project, at, strike)
            found = [verdict(ended, name), *sweep.judged(project, goal)]
            faults += [f"point {at}, {name}: {fault}" for fault in found if fault]
            number += 1
    return Swept(len(names), number, faults)
