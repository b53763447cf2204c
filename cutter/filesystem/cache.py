"""Files in the user's cache, each under a digest: what can be made again, and need not be.

A cache that cannot be read or written is as good as none, and so is one that somebody else could have
written: what is in it counts as much as our own code.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress


class Cache:
    """One folder of the cache."""

    def __init__(self, name: str) -> None:
        """Name the folder; nothing is made yet."""
        self.name = name

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        return os.path.exists(self._path(name)) and self._is_ours()

    def read(self, name: str) -> bytes:
        """Return the content of a file; nothing where there is none."""
        try:
            with open(self._path(name), "rb") as file:
                return file.read() if self._is_ours() else b""
        except OSError:
            return b""

    def write(self, name: str, content: bytes, *, kept: int) -> None:
        """Put a file there, whole or not at all; of more than `kept` files the older half is forgotten."""
        with suppress(OSError):
            os.makedirs(self._folder(), mode=0o700, exist_ok=True)
            if not self._is_ours():
                return
            aside = self._path(f".{name}.{os.getpid()}")
            with open(aside, "wb") as file:
                file.write(content)
            os.replace(aside, self._path(name))
            self._forget(kept)

    def _is_ours(self) -> bool:
        """Tell whether nobody but this user, or root, can have put anything there."""
        with suppress(OSError):
            seen = os.lstat(self._folder())
            return stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid() and not seen.st_mode & 0o022
        return False

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
        home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        return os.path.join(home, "cutter", self.name)
