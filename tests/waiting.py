"""Waiting for what must come, however slow the machine is; never for a time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def noted(path: Path) -> list[int]:
    """Return the processes whose numbers are in a file; none where they came to be too late to say so."""
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def all_gone(path: Path) -> bool:
    """Tell whether none of the processes that are noted in a file runs."""
    return not any(map(runs, noted(path)))
