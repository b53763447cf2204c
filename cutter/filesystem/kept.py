"""Bytes by digest on a target: what a request brings along, and what was replaced earlier."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cutter.errors import PermissionRefused
from cutter.filesystem.leftovers import hold, temporary_name
from cutter.filesystem.refusals import refusals
from cutter.model.canonical import bytes_digest

_DIGEST = re.compile(r"([a-z0-9-]+):([0-9a-f]{64})")
_OURS = re.compile(
    r"\.?[a-z0-9-]+-[0-9a-f]{64}(\.[0-9a-f]{16})?"
)  # blobs, and what a killed keep left behind
_DAY = 86_400


class KeptContent:
    """The content of a target: offered bytes in memory, replaced ones in a folder shut to others."""

    def __init__(self, folder: str) -> None:
        """Take the path of the folder; it is made at the first `keep`."""
        self.folder = folder
        self._offered: dict[str, bytes] = {}

    def offer(self, digest: str, content: bytes) -> None:
        """Have bytes at hand for as long as this object lives; nothing is written."""
        self._offered[digest] = content

    def bytes_of(self, digest: str) -> bytes:
        """Return the bytes. Raises LookupError when they are neither offered nor kept, or are damaged."""
        if digest in self._offered:
            return self._offered[digest]
        name = _blob(digest)
        try:
            with open(os.path.join(self.folder, name), "rb") as blob:
                content = blob.read()
        except FileNotFoundError:
            raise LookupError(f"no bytes of {digest} are kept in {self.folder}") from None
        if digest.startswith("sha256:") and bytes_digest(content) != digest:
            raise LookupError(f"{os.path.join(self.folder, name)} is damaged: its bytes have another digest")
        return content

    def keep(self, content: bytes, digest: str) -> None:
        """Keep bytes durably, mode 0600, under their digest; keeping them again renews their age.

        Raises PermissionRefused when the folder belongs to somebody else, StepFailed when the disk is full.
        """
        name = _blob(digest)
        with refusals("keeping replaced bytes in", self.folder), self._open() as folder:
            if not _renewed(folder, name, content):
                _write(folder, name, content)

    def prune(self, max_age_days: int) -> int:
        """Forget what was kept longer ago than that, and return how many; other files stay."""
        if not os.path.isdir(self.folder):
            return 0
        oldest = time.time() - max_age_days * _DAY
        with refusals("forgetting old bytes in", self.folder), self._open() as folder:
            names = [name for name in os.listdir(folder) if _OURS.fullmatch(name)]
            old = [
                name
                for name in names
                if os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime < oldest
            ]
            for name in old:
                os.unlink(name, dir_fd=folder)
        return len(old)

    @contextmanager
    def _open(self) -> Iterator[int]:
        """Open the folder, made when missing; it must be ours and shut to everybody else."""
        if not os.path.isdir(self.folder):
            os.makedirs(os.path.dirname(self.folder) or ".", exist_ok=True)
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            seen = os.fstat(folder)
            if seen.st_uid != os.geteuid():
                raise PermissionRefused(
                    f"{self.folder} belongs to uid {seen.st_uid}, not to uid {os.geteuid()}"
                )
            if seen.st_mode & 0o077:
                os.fchmod(folder, 0o700)
            yield folder
        finally:
            os.close(folder)


def _blob(digest: str) -> str:
    """Return the file name of a digest. Raises LookupError for what is not one, so that no path gets in."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise LookupError(f"{digest!r} is not a digest")
    return "-".join(match.groups())


def _renewed(folder: int, name: str, content: bytes) -> bool:
    """Tell whether these very bytes were kept already; their age then starts anew."""
    try:
        blob = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return False
    with os.fdopen(blob, "rb") as kept:
        same = kept.read() == content
        if same:
            os.utime(kept.fileno())
    return same


def _write(folder: int, name: str, content: bytes) -> None:
    partial = temporary_name()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(partial, flags, 0o600, dir_fd=folder), "wb") as blob:
            hold(blob.fileno())
            blob.write(content)
            blob.flush()
            os.fsync(blob.fileno())
        os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        _discard(folder, partial)
        raise
    os.fsync(folder)


def _discard(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
