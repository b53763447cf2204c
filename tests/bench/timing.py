"""Whole processes timed in turn (A, B, C, A, B, C ...), so that noise of the machine hits all alike."""

from __future__ import annotations

import math
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Timer
from typing import TYPE_CHECKING, NamedTuple

from bench.processes import end

if TYPE_CHECKING:
    from bench.tools import Tool


class Sample(NamedTuple):
    """One run of a process: wall clock and processor seconds, and the largest resident memory in MiB."""

    seconds: float
    processor: float
    mebibytes: float


class Measured(NamedTuple):
    """The runs of one tool at one piece of work."""

    samples: tuple[Sample, ...]

    @property
    def seconds(self) -> float:
        """The median of the wall clock."""
        return median(sample.seconds for sample in self.samples)

    @property
    def mebibytes(self) -> float:
        """The largest resident memory of all runs."""
        return max(sample.mebibytes for sample in self.samples)


def timed(
    command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None, cap: float = math.inf
) -> Sample:
    """Run a command to its end and say what it took. Raises RuntimeError with the end of its output.

    One that takes longer than `cap` seconds is ended with its children; it took for ever.
    """
    environment = {**os.environ, **(variables or {})}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled already
    with (folder / "output.txt").open("wb") as output:
        begun = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        with _capped(child.pid, cap) as ended:
            _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if ended.is_set():
        return Sample(math.inf, math.inf, used.ru_maxrss / 1024)
    if child.returncode:
        text = (folder / "output.txt").read_text(errors="replace")
        raise RuntimeError(f"{command[0]} ended with {child.returncode}:\n{text[-2_000:]}")
    return Sample(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


@contextmanager
def _capped(pid: int, cap: float) -> Iterator[Event]:
    """End a process that is still there after `cap` seconds; the event tells of it."""
    ended = Event()

    def at_the_cap() -> None:
        ended.set()
        end(pid)

    timer = Timer(cap, at_the_cap)
    if cap < math.inf:
        timer.start()
    try:
        yield ended
    finally:
        timer.cancel()


def in_turn(tools: Sequence[tuple[Tool, int]], *, first: bool = False) -> dict[str, Measured]:
    """Time each tool as many times as asked, in turn; `first`: each run finds nothing done before."""
    samples: dict[str, list[Sample]] = {tool.name: [] for tool, _ in tools}
    for turn in range(max(runs for _, runs in tools)):
        for tool, runs in tools:
            if turn < runs:
                if first:
                    tool.forget()
                samples[tool.name].append(timed(tool.command, tool.folder, tool.variables))
    return {name: Measured(tuple(found)) for name, found in samples.items()}
