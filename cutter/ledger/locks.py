"""Locks that die with their holder."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self

from cutter.errors import LockHeld
from cutter.ledger.actor import host_name, user_name
from cutter.ledger.complaints import refused
from cutter.ledger.folder import make_folder

_PAUSE_SECONDS = 0.05


class RunLock:
    """An exclusive lock on a file, to be used in a `with`.

    The kernel lets go of it when the holder ends, however it ends. What is written inside is for the message
    only: nobody decides by it.
    """

    def __init__(
        self, path: str, *, timeout: float = 0.0, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Lock `path`, waiting up to `timeout` seconds for another holder.

        `meanwhile` is called while there is one to wait for, perhaps often.
        """
        self.path = path
        self._timeout = timeout
        self._meanwhile = meanwhile
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock. Raises LockHeld, naming the holder, and LedgerError where no file can be."""
        with refused(self.path):
            return self._entered()

    def _entered(self) -> Self:
        until = time.monotonic() + self._timeout
        file = self._opened(until)
        while not _stands_at(self.path, file):  # its last holder took it away
            os.close(file)
            file = self._opened(until)
        try:
            with suppress(OSError):
                _write(file, json.dumps(_holder()).encode())
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lock back; the file stays."""
        file, self._file = self._file, -1
        try:
            with suppress(OSError):  # what stands there is only for a message
                _write(file, b"")
        finally:
            os.close(file)

    def _opened(self, until: float) -> int:
        """Return a descriptor that has the lock."""
        make_folder(os.path.dirname(self.path))
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self._wait(file, until)
        except BaseException:
            os.close(file)
            raise
        return file

    def _wait(self, file: int, until: float) -> None:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise _held(self.path, os.pread(file, 4096, 0)) from None
                self._meanwhile()
                time.sleep(_PAUSE_SECONDS)
            else:
                return


def _stands_at(path: str, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(file))
    except FileNotFoundError:
        return False


def _holder() -> dict[str, Any]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": host_name(), "user": user_name(), "since": since}


def _write(file: int, content: bytes) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, content, 0)


def _held(path: str, content: bytes) -> LockHeld:
    remedy = "wait for it, or end it; the lock goes with it"
    return LockHeld(
        f"{_described(content)} works here",
        place=path,
        world="nothing was changed by this run",
        remedy=remedy,
    )


def _described(content: bytes) -> str:
    try:
        holder = json.loads(content)
        age = datetime.now(UTC) - datetime.fromisoformat(holder["since"])
        who = f"process {holder['pid']:d} of {holder['user']} on {holder['host']}"
        return f"another run ({who}, since {max(0, int(age.total_seconds()))} s)"
    except (ValueError, KeyError, TypeError):  # just taken, or stale: the lock counts, not the text
        return "another run"
