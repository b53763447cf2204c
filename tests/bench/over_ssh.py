"""Ten hosts by ssh: each tool over connections that are there and over new ones; plain ssh as the limit."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.processes import watched
from bench.remote import NAMES, RAW, TOGETHER, RemoteTool, Ten, ten
from bench.table import seconds, table, times
from bench.timing import Measured, Sample, timed

CAP_SECONDS = 240.0
LONG_SECONDS = 20.0
LARGE = 200
REUSE = ("cutter", "ansible", RAW, TOGETHER)
"""Who can go over connections that are there already; pyinfra makes its own in every run."""
_HEAD = ("", "median", "fastest", "processor", "memory per host", "of shared", "of cold", "runs")


class Turn(NamedTuple):
    """A tool and how it begins: over connections that are there already, or `cold`; how many runs it gets."""

    tool: RemoteTool
    cold: bool
    runs: int

    @property
    def name(self) -> str:
        """The name of a row."""
        return f"{self.tool.name}, {'cold' if self.cold else 'shared'}"


def compared(folder: Path, tools: Sequence[str], own: int, peer: int, slow: int) -> Iterator[str]:
    """Time small and large work, first and with nothing to do; yield a table of each."""
    with ten(folder, _lab_cache()) as fleet:
        for size in (0, LARGE):
            for first in (False, True):
                begun = os.getloadavg()[0]
                turns = _turns(fleet, folder / f"{size}-{first}", tools, size, first=first)
                counted = [turn._replace(runs=_runs(turn, own, slow if size else peer)) for turn in turns]
                what = f"{size} files a host" if size else "3 directories, one .env, one JSON file a host"
                found = _in_turn(fleet, counted, first=first)
                load = f"Load {begun:.0f} to {os.getloadavg()[0]:.0f}."
                yield f"{'First apply' if first else 'Nothing to do'}: {what}\n\n{found}\n\n{load}"


def _runs(turn: Turn, own: int, peer: int) -> int:
    return own if turn.tool.name in ("cutter", RAW, TOGETHER) else peer


def _turns(fleet: Ten, place: Path, tools: Sequence[str], size: int, *, first: bool) -> list[Turn]:
    """Return who takes part; at large work Ansible does only what it is best at."""
    found = []
    for name in [*tools, *([] if first else [RAW, TOGETHER])]:
        tool = fleet.tool(name, place / name, size)
        slow = bool(size) and name == "ansible"
        found += [Turn(tool, False, 1)] if name in REUSE and not (slow and first) else []
        found += [Turn(tool, True, 1)] if not slow else []
        if not first:
            _do_before(fleet, tool, size)
    return found


def _do_before(fleet: Ten, tool: RemoteTool, size: int) -> None:
    fleet.forget(tool)
    if tool.name == "cutter" or (not size and tool.name in ("ansible", "pyinfra")):
        timed(tool.command, tool.folder, tool.variables)
    else:
        fleet.do_by_hand(tool)
    fleet.require_done(tool)


def _in_turn(fleet: Ten, turns: Sequence[Turn], *, first: bool) -> str:
    samples: dict[str, list[Sample]] = {turn.name: [] for turn in turns}
    for number in range(max(turn.runs for turn in turns)):
        for turn in turns:
            if number < turn.runs:
                samples[turn.name].append(_sample(fleet, turn, first=first))
    found = {name: Measured(tuple(each)) for name, each in samples.items()}
    return table(_HEAD, [_row(turn, found, _memory(fleet, turn, found, first=first)) for turn in turns])


def _sample(fleet: Ten, turn: Turn, *, first: bool) -> Sample:
    _prepare(fleet, turn, first=first)
    tool = turn.tool
    sample = timed(tool.command, tool.folder, tool.variables, CAP_SECONDS)
    if sample.seconds < math.inf:
        fleet.require_done(tool)
    return sample


def _prepare(fleet: Ten, turn: Turn, *, first: bool) -> None:
    """Let the connections be there, or none; and the work be there, or nothing of it."""
    if first:
        fleet.forget(turn.tool)
    if turn.cold:
        fleet.chill(turn.tool)
    else:
        fleet.warm(turn.tool)
    os.sync()


def _memory(fleet: Ten, turn: Turn, found: dict[str, Measured], *, first: bool) -> float:
    """Return the memory of a tool and its children here, in a run that is not timed; 0 for a slow one."""
    if found[turn.name].seconds > LONG_SECONDS:
        return 0.0
    _prepare(fleet, turn, first=first)
    return watched(turn.tool.command, turn.tool.folder, turn.tool.variables).together


def _row(turn: Turn, found: dict[str, Measured], mebibytes: float) -> list[str]:
    taken = found[turn.name]
    if taken.seconds == math.inf:
        least = [f">{times(CAP_SECONDS, found[unit].seconds)}" for unit in ("cutter, shared", "cutter, cold")]
        return [turn.name, f"more than {CAP_SECONDS:.0f} s", "", "", "", *least, str(turn.runs)]
    best: Sample = min(taken.samples)
    compared_with = [times(taken.seconds, found[unit].seconds) for unit in ("cutter, shared", "cutter, cold")]
    told = [seconds(taken.seconds), seconds(best.seconds), seconds(best.processor)]
    memory = f"{mebibytes / len(NAMES):.1f} MiB" if mebibytes else ""
    return [turn.name, *told, memory, *compared_with, str(turn.runs)]


def _lab_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("LAB_CACHE") or Path(home) / "cutter-lab")
