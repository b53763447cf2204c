"""The record locks (fcntl) of other programs' files: taken with patience, and their holder named."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cutter.errors import LockHeld
from cutter.filesystem.refusals import refusals

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_PAUSE = 0.1
_FLOCK = "hhqqi4x"


@contextmanager
def locked(path: str, *, seconds: float) -> Iterator[None]:
    """Hold the record lock of a file, made when missing. Raises LockHeld after so many seconds in vain.

    Such a lock belongs to the process: closing any descriptor of the file gives it up.
    """
    with refusals("locking", path):
        fd = os.open(path, _FLAGS, 0o600)
    try:
        _wait(fd, path, time.monotonic() + seconds)
        yield
    finally:
        os.close(fd)


def holder_of(path: str) -> str:
    """Return who holds a record lock of the file, such as "process 812 (apt-get)"; nothing for nobody.

    For a process that does not hold it itself: looking would give up its own lock.
    """
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        with open(path, "rb+") as file:
            kind, _, _, _, number = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    except OSError:
        return ""
    return "" if kind == fcntl.F_UNLCK else f"process {number}{_name(number)}"


def _wait(fd: int, path: str, deadline: float) -> None:
    while not _taken(fd):
        if time.monotonic() >= deadline:
            raise held(path)
        time.sleep(_PAUSE)


def _taken(fd: int) -> bool:
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def held(path: str) -> LockHeld:
    """Return the complaint that a lock is held, and by whom."""
    by = holder_of(path) or "another program"
    return LockHeld(f"{by} holds {path}", remedy="wait until it has ended, then run again")


def _name(number: int) -> str:
    try:
        with open(f"/proc/{number}/comm", encoding="utf-8", errors="replace") as file:
            return f" ({file.read().strip()})"
    except OSError:
        return ""
