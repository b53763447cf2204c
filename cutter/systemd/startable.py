"""Whether the commands of a unit could start: are user, folder and programs there? Travels."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from typing import Optional

_COMMAND = re.compile(r"^Exec[A-Za-z]+\s*=\s*([@:+!|]*)(/[^\s%$\"'\\]+)(?:\s|$)", re.MULTILINE)
_ELSEWHERE = re.compile(r"^Root(?:Directory|Image)\s*=", re.MULTILINE)


def programs(unit: bytes) -> list[str]:
    """Return the programs that a unit file starts, as far as they are plain paths of this machine.

    Those that may fail are left out.
    """
    text = unit.decode("utf-8", "replace")
    return [] if _ELSEWHERE.search(text) else sorted({found[1] for found in _COMMAND.findall(text)})


def missing(paths: Sequence[str]) -> str:
    """Return which of some programs cannot be started, as a sentence; nothing when all can."""
    return next((f"{path} is not executable" for path in paths if not _is_program(path)), "")


def hindrance(user: str, folder: Optional[str], command: Sequence[str]) -> str:
    """Return what keeps a command from starting on this machine, as a sentence; nothing when nothing does."""
    import pwd

    try:
        pwd.getpwnam(user)
    except KeyError:
        return f"there is no user {user}"
    if folder is not None and not os.path.isdir(folder):
        return f"{folder} is no folder"
    return missing(command[:1])


def _is_program(path: str) -> bool:
    try:
        seen = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and bool(seen.st_mode & 0o111)
