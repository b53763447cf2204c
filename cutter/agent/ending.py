"""Sees to it that nothing of a group is under way any more when it is put back. Travels."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from cutter.agent import armed

_CHILDREN_SECONDS = 1.0
"""How long the children of an agent that was ended may take to end with it; see cutter.children."""


def started_at(pid: int) -> str:
    """Return what tells a process from a later one of the same number; empty where it is gone."""
    with suppress(OSError), open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""


def let_end(path: str) -> None:
    """See to it that no step of the group is under way: an agent that still has one is ended."""
    while True:
        noted = armed.read(path)
        head = noted.head
        if not noted.under_way or started_at(head["pid"]) != head["started"]:
            return
        with suppress(ProcessLookupError):
            os.kill(head["pid"], signal.SIGKILL)
        time.sleep(_CHILDREN_SECONDS)
