"""Names that stand for a moment beside what they will become, and what to do with those a dead run has left.

Whoever makes such a file or folder keeps a lock on it as long as it lives, so that nothing in use is swept.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from contextlib import suppress

from cutter.errors import CutterError
from cutter.filesystem.walk import Place, lstat, parent_of

_PREFIX = ".cutter-"
_NAME = re.compile(re.escape(_PREFIX) + "[0-9a-f]{24}")
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def temporary_name() -> str:
    """Return an unpredictable name, hidden and never longer than a name may be."""
    return _PREFIX + os.urandom(12).hex()


def hold(fd: int) -> None:
    """Keep what was just made from being swept, as long as this descriptor is open."""
    with suppress(OSError):  # a file system without locks
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep(folder: str) -> None:
    """Remove what dead runs of this user have left in a folder; what cannot be removed stays."""
    with suppress(CutterError, OSError), parent_of(f"{folder.rstrip('/')}/{_PREFIX}") as place:
        if place is not None:
            for name in os.listdir(f"/proc/self/fd/{place.fd}"):
                if _NAME.fullmatch(name):
                    _sweep(place.beside(name))


def _sweep(place: Place) -> None:
    with suppress(CutterError, OSError):
        seen = lstat(place)
        if seen is None:
            return
        # root gives files away before they get their name; a folder of somebody else is not entered
        given = os.geteuid() == 0 and not stat.S_ISDIR(seen.st_mode)
        if not given and seen.st_uid != os.geteuid():
            return
        if stat.S_ISLNK(seen.st_mode):
            os.unlink(place.name, dir_fd=place.fd)
        elif stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode):
            _sweep_unheld(place)


def _sweep_unheld(place: Place) -> None:
    fd = os.open(place.name, _LOOK, dir_fd=place.fd)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where somebody is at work
        discard(place)
    finally:
        os.close(fd)


def discard(place: Place) -> None:
    """Remove a file, or a folder with everything in it, if it is there. Raises OSError."""
    try:
        os.unlink(place.name, dir_fd=place.fd)
    except FileNotFoundError:
        return
    except IsADirectoryError:
        _discard_folder(place)


def _discard_folder(place: Place) -> None:
    fd = os.open(place.name, _LOOK | os.O_DIRECTORY, dir_fd=place.fd)
    try:
        for name in os.listdir(fd):
            discard(Place(fd, name, os.path.join(place.path, name)))
    finally:
        os.close(fd)
    os.rmdir(place.name, dir_fd=place.fd)
