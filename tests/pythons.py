"""The Pythons of this machine on which an agent can run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

OLDEST, NEWEST = 9, 14


def pythons() -> list[str]:
    """Return this Python, the system's, and one of each version that is installed here."""
    found = [
        Path(sys.executable),
        Path("/usr/bin/python3"),
        *filter(None, map(_of, range(OLDEST, NEWEST + 1))),
    ]
    return [str(path) for path in dict.fromkeys(found) if path.exists()]


def others() -> list[str]:
    """Return the oldest and the newest that do not compile as this one does, if there are any."""
    minors = [minor for minor in range(OLDEST, NEWEST + 1) if minor != sys.version_info.minor]
    found = [str(path) for path in map(_of, minors) if path]
    return list(dict.fromkeys([*found[:1], *found[-1:]]))


def _of(minor: int) -> Path | None:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    name = f"bin/python3.{minor}"
    candidates = [*sorted(root.glob(f"versions/3.{minor}.*/{name}")), Path("/usr") / name]
    return next((path for path in candidates if path.exists()), None)
