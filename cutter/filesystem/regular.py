"""Regular files, opened so that nothing else ever is: a FIFO would block, a device would act."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional

from cutter.filesystem.refusals import refusals
from cutter.filesystem.walk import Place, in_the_way, lstat
from cutter.named_tuple import NamedTuple

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_PIECE = 1 << 20
LARGEST = 256 << 20
"""How many bytes a file may have that is held in memory as a whole, so that no look starves the machine."""


class Regular(NamedTuple):
    """An open regular file and what fstat says of it."""

    fd: int
    seen: os.stat_result

    def content(self) -> bytes:
        """Return all bytes, from the start. Raises OSError."""
        os.lseek(self.fd, 0, os.SEEK_SET)
        return read_all(self.fd)


@contextmanager
def opened(place: Place) -> Iterator[Optional[Regular]]:
    """Open the regular file at a place for reading; None when nothing is there.

    Raises Conflict when something else is there, without opening it, and PermissionRefused.
    """
    seen = lstat(place)
    if seen is None:
        yield None
        return
    if not stat.S_ISREG(seen.st_mode):
        raise in_the_way(place, seen, "a file")
    with refusals("reading", place.path):
        fd = os.open(place.name, _READ, dir_fd=place.fd)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):  # it was swapped between the two calls
            raise in_the_way(place, found, "a file")
        yield Regular(fd, found)
    finally:
        os.close(fd)


def read_all(fd: int) -> bytes:
    """Return the bytes from the descriptor's position to the end. Raises OSError."""
    pieces = []
    while piece := os.read(fd, _PIECE):
        pieces.append(piece)
    return b"".join(pieces)
