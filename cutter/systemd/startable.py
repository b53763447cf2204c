"""Whether the command of a unit could start: are its user, its folder and its program there? Travels."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import Optional


def hindrance(user: str, folder: Optional[str], command: Sequence[str]) -> str:
    """Return what keeps a command from starting on this machine, as a sentence; nothing when nothing does."""
    import pwd

    try:
        pwd.getpwnam(user)
    except KeyError:
        return f"there is no user {user}"
    if folder is not None and not os.path.isdir(folder):
        return f"{folder} is no folder"
    return "" if _is_program(command[0]) else f"{command[0]} is not executable"


def _is_program(path: str) -> bool:
    try:
        seen = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and bool(seen.st_mode & 0o111)
