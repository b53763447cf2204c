"""What a command does beside its own process: its children, and the memory of all of them together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PAUSE_SECONDS = 0.02
_GONE = (FileNotFoundError, ProcessLookupError)


class Watched(NamedTuple):
    """One run, watched: `processor` and `own` are of the process alone, `together` of its children too.

    Memory in MiB at its highest; together, what several share is counted once.
    """

    seconds: float
    processor: float
    own: float
    together: float


def watched(
    command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None, *, children: bool = True
) -> Watched:
    """Run a command to its end and watch its memory, which slows it down; not for its wall clock.

    Without `children` only its own is watched. Raises RuntimeError when it fails.
    """
    own, together = [0.0], [0.0]
    with (folder / "output.txt").open("wb") as output:
        begun = time.perf_counter()
        environment = {**os.environ, **(variables or {})}
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            own.append(_mebibytes(child.pid, "status", "VmHWM:"))
            if children:
                together.append(sum(_mebibytes(pid, "smaps_rollup", "Pss:") for pid in tree(child.pid)))
            time.sleep(_PAUSE_SECONDS)
        seconds = time.perf_counter() - begun
        ticks = _stat(child.pid)[11:13]
    if child.wait():
        raise RuntimeError(f"{command} failed:\n{(folder / 'output.txt').read_text()[-2_000:]}")
    processor = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return Watched(seconds, processor, max(own), max(together))


def tree(pid: int) -> list[int]:
    """Return a process and all that come of it."""
    below: dict[int, list[int]] = {}
    for process, parent in _parents():
        below.setdefault(parent, []).append(process)
    found = [pid]
    for process in found:  # it grows while we go
        found += below.get(process, [])
    return found


def end(pid: int) -> None:
    """End a process and all that come of it at once."""
    for process in tree(pid):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _parents() -> Iterator[tuple[int, int]]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(*_GONE):
            yield int(process.name), int(_stat(int(process.name))[1])


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _mebibytes(pid: int, file: str, name: str) -> float:
    with suppress(*_GONE):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return 0.0
