"""The cases: each makes its work, times it, checks that it was done, and returns Markdown."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import cutting, fleet, over_ssh
from bench.floor import write
from bench.table import seconds, table, times
from bench.timing import Measured, Sample, in_turn, timed
from bench.tools import Tool, make_tool
from bench.work import Work, faults, gap5, many

TOOLS = ("cutter", "pyinfra", "ansible")
SIZES = (10, 100, 1_000, 10_000)
PYTHON = (str(Path(sys.executable).resolve()), "-I", "-S")
_HEAD = ("", "median", "fastest", "processor", "times cutter", "runs")


class Runs(NamedTuple):
    """How many runs: of cutter, of a peer at small work, of a peer at 1,000 files; which peers take part."""

    own: int = 9
    peer: int = 5
    slow: int = 1
    tools: Sequence[str] = TOOLS


def case_gap5(folder: Path, runs: Runs) -> str:
    """Nothing to do: 3 directories, one .env of 10 keys, one JSON file."""
    return _compared(folder, runs, 0, first=False)


def case_noop(folder: Path, runs: Runs) -> str:
    """Nothing to do: 1,000 files, content and mode (for cutter 1,000 steps, for the peers a loop)."""
    return _compared(folder, runs, 1_000, first=False)


def case_first(folder: Path, runs: Runs) -> str:
    """First apply of 1,000 files; cutter's are on disk, one by one, and so is its ledger."""
    return _compared(folder, runs, 1_000, first=True)


def case_steps(folder: Path, runs: Runs) -> str:
    """Cost per step, fastest run of cutter. Per step: the processor's time beyond that of 10 steps."""
    rows: list[list[str]] = []
    least: dict[str, float] = {}
    for size in SIZES:
        tool = _ready(folder, "cutter", size)
        first = in_turn([(tool, 3)], first=True)["cutter"]
        looked = in_turn([(tool, max(3, runs.own // 2))])["cutter"]
        row = [f"{size:,} steps"]
        for name, found in (("no-op", looked), ("first", first)):
            best: Sample = min(found.samples)
            used = min(sample.processor for sample in found.samples)
            beyond, rest = used - least.setdefault(name, used), size - SIZES[0]
            row += [seconds(best.seconds), f"{beyond / rest * 1000:.2f} ms" if rest else ""]
            row.append(f"{found.mebibytes:.0f} MiB")
        rows.append(row)
        shutil.rmtree(tool.folder)
    return table(("", "no-op", "per step", "memory", "first apply", "per step", "memory"), rows)


def case_floor(folder: Path, runs: Runs) -> str:
    """Show what no tool can be faster than: an interpreter that does nothing, a plain loop over the files."""
    bare = Tool("bare Python", folder, [*PYTHON, "-c", "pass"], (), {})
    tools = [bare, _plain_loop(folder / "looks", 1_000, first=False)]
    found = in_turn([(tool, runs.own) for tool in tools])
    found["the same, written durably"] = in_turn(
        [(_plain_loop(folder / "writes", 1_000, first=True), runs.own)], first=True
    )["plain loop"]
    return table(_HEAD[:4], [_row(name, item)[:4] for name, item in found.items()])


def case_cut(folder: Path, runs: Runs) -> str:
    """Cut documents in a database: beside raw COPY, the one statement alone, and a call for every row."""
    told = cutting.load()
    return f"{cutting.ways(folder, cutting.SIZES, max(1, runs.own // 3))}\n\nBefore: {told}."


def case_document(folder: Path, runs: Runs) -> str:
    """Cut documents by whole commands: first apply, apply with nothing to do, the matrix."""
    del runs
    told = cutting.load()
    return f"{cutting.commands(folder, cutting.SIZES)}\n\nBefore: {told}."


def case_ssh(folder: Path, runs: Runs) -> Iterator[str]:
    """Ten hosts by ssh: small and large work, over shared and over cold connections."""
    return over_ssh.compared(folder, runs.tools, runs.own, runs.peer, runs.slow)


def case_fleet(folder: Path, runs: Runs) -> str:
    """Up to 200 hosts that are all this machine: the controller alone, without ssh and agents."""
    del runs
    return fleet.simulated(folder)


def _plain_loop(place: Path, size: int, *, first: bool) -> Tool:
    """Return what only reads, or only writes, the files of `many` in a loop of the standard library."""
    files = place / "world" / "files"
    files.parent.mkdir(parents=True)
    if not first:
        write(str(files), size)
    words = ["write", str(files), str(size)] if first else ["look", str(files)]
    return Tool("plain loop", place, [*PYTHON, str(Path(__file__).with_name("floor.py")), *words], (), {})


def _compared(folder: Path, runs: Runs, size: int, *, first: bool) -> str:
    tools = [_ready(folder, name, size, done=not first) for name in runs.tools]
    peer = runs.slow if size else runs.peer
    turns = [(tool, runs.own if tool.name == "cutter" else peer) for tool in tools]
    loop = [(_plain_loop(folder / "floor", size, first=first), runs.own)] if size else []
    found = in_turn([*turns, *loop], first=first)
    for tool in tools:
        _require_done(tool, _work(tool.world, size))
    unit = found["cutter"].seconds
    memory = f"\n\nLargest memory of cutter: {found['cutter'].mebibytes:.0f} MiB."
    rows = [
        [*_row(name, item), times(item.seconds, unit), str(len(item.samples))] for name, item in found.items()
    ]
    return table(_HEAD, rows) + memory


def _row(name: str, found: Measured) -> list[str]:
    best: Sample = min(found.samples)
    return [name, seconds(found.seconds), seconds(best.seconds), seconds(best.processor)]


def _ready(folder: Path, name: str, size: int, *, done: bool = False) -> Tool:
    """Return a tool with its text of the work; `done`: the work is done, and checked, already."""
    place = folder / f"{name}-{size}"
    work = _work(place / "world", size)
    tool = make_tool(name, place, work)
    if done:
        timed(tool.command, tool.folder, tool.variables)
        _require_done(tool, work)
    return tool


def _work(world: Path, size: int) -> Work:
    return many(world, size) if size else gap5(world)


def _require_done(tool: Tool, work: Work) -> None:
    wrong = faults(work, tool.world)
    if wrong:
        raise RuntimeError(f"{tool.name} did not do the work: {wrong[0]}")


CASES: dict[str, Callable[[Path, Runs], str | Iterable[str]]] = {
    "gap5": case_gap5,
    "noop": case_noop,
    "first": case_first,
    "steps": case_steps,
    "floor": case_floor,
    "cut": case_cut,
    "document": case_document,
    "ssh": case_ssh,
    "fleet": case_fleet,
}
