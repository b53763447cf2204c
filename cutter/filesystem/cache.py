"""Files in the user's cache, each under a digest: what can be made again, and need not be.

A cache that cannot be read or written is as good as none, and so is one that somebody else could have
written: what is in it counts as much as our own code.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial


class Cache:
    """One folder of the cache."""

    def __init__(self, name: str) -> None:
        """Name the folder; nothing is made yet."""
        self.name = name

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        with suppress(OSError):
            folder, file = os.lstat(self._folder()), os.lstat(self._path(name))
            return _is_ours(folder, stat.S_ISDIR) and _is_ours(file, stat.S_ISREG)
        return False

    def read(self, name: str) -> bytes:
        """Return the content of a file; nothing where there is none."""
        with suppress(OSError):
            if name in self:
                with open(self._path(name), "rb") as file:
                    return file.read()
        return b""

    def write(self, name: str, content: bytes, *, kept: int) -> None:
        """Put a file there, whole or not at all; of more than `kept` files the older half is forgotten."""
        with suppress(OSError):
            if self._is_made():
                self._put(name, content)
                self._forget(kept)

    def _is_made(self) -> bool:
        """Make the folder, and tell whether it is there and ours.

        In the home of another, where sudo may leave it, root makes none: its owner could never use it.
        """
        folder = self._folder()
        if not os.path.isabs(folder) or (os.geteuid() == 0 and os.stat(_nearest(folder)).st_uid != 0):
            return False
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return _is_ours(os.lstat(folder), stat.S_ISDIR)

    def _put(self, name: str, content: bytes) -> None:
        aside = self._path(f".{name}.{os.getpid()}")
        try:
            with open(aside, "wb", opener=partial(os.open, mode=0o600)) as file:
                file.write(content)
            os.replace(aside, self._path(name))
        except OSError:
            os.unlink(aside)
            raise

    def _forget(self, kept: int) -> None:
        if len(os.listdir(self._folder())) <= kept:
            return
        with os.scandir(self._folder()) as found:
            by_age = sorted(found, key=lambda entry: entry.stat().st_mtime_ns)
        for entry in by_age[: len(by_age) - kept // 2]:
            with suppress(FileNotFoundError):
                os.unlink(entry.path)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder(), name)

    def _folder(self) -> str:
        told = os.environ.get("XDG_CACHE_HOME", "")  # by its specification a relative one is none
        home = told if os.path.isabs(told) else os.path.join(os.path.expanduser("~"), ".cache")
        return os.path.join(home, "cutter", self.name)


def _is_ours(seen: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Tell whether it is of this kind, and nobody but this user, or root, can have written there."""
    return is_kind(seen.st_mode) and seen.st_uid == os.geteuid() and not seen.st_mode & 0o022


def _nearest(path: str) -> str:
    """Return what there is of a path."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path
