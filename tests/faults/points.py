"""Numbered points: every call that can change the world, before and after it, and a strike at one of them."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from cutter.errors import LedgerError
from cutter.ledger.sqlite import SqliteLedger

OS_CALLS = (
    *("write", "pwrite", "ftruncate", "fsync", "rename", "replace", "link", "unlink", "mkdir", "rmdir"),
    *("chmod", "fchmod", "chown", "fchown", "lchown", "symlink", "setxattr", "removexattr", "utime"),
)
Strike = Callable[[str, bool], None]
"""Told the name of the call and whether it is about to happen."""


class Points:
    """Counts the points of a process and strikes at one of them; number 0 strikes nowhere."""

    def __init__(self, at: int, strike: Strike) -> None:
        self.at = at
        self.strike = strike
        self.names: list[str] = []

    def pass_by(self, name: str, *, before: bool) -> None:
        self.names.append(f"{'before' if before else 'after'} {name}")
        if len(self.names) == self.at:
            self.strike(name, before)

    def install(self) -> None:
        """Wrap the calls, in this process for good: meant for a forked child."""
        for name in OS_CALLS:
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        os.open = self._opening(os.open)
        starting: Any = subprocess.Popen.__init__
        subprocess.Popen.__init__ = self._wrapped("Popen", starting)  # type: ignore[method-assign]
        ending: Any = subprocess.Popen.wait
        subprocess.Popen.wait = self._wrapped("wait", ending)  # type: ignore[method-assign]
        appending: Any = SqliteLedger.append
        SqliteLedger.append = self._wrapped("append", appending)  # type: ignore[method-assign]

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def passed_by(*args: Any, **words: Any) -> Any:
            self.pass_by(name, before=True)
            answer = call(*args, **words)
            self.pass_by(name, before=False)
            return answer

        return passed_by

    def _opening(self, call: Callable[..., int]) -> Callable[..., int]:
        making = self._wrapped("open", call)

        @functools.wraps(call)
        def opened(path: Any, flags: int, *args: Any, **words: Any) -> int:
            made = flags & (os.O_CREAT | os.O_TRUNC)
            return int(making(path, flags, *args, **words) if made else call(path, flags, *args, **words))

        return opened


def kill(name: str, before: bool) -> None:
    """End this process as `kill -9` does, and so nothing of it runs any more."""
    del name, before
    os.kill(os.getpid(), signal.SIGKILL)


def fail_with(number: int) -> Strike:
    """Return a strike that lets a call fail with an error number instead of being made."""

    def fail(name: str, before: bool) -> None:
        if not before or name in ("Popen", "wait"):
            return
        if name == "append":
            raise LedgerError("the disk of the ledger is full", place="ledger.db")
        raise OSError(number, os.strerror(number))

    return fail
