"""Whether a file is the backup that its manifest describes: looked at from outside, and read back whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from cutter.backup.manifest import Manifest
from cutter.backup.pipeline import Link, run_chain
from cutter.database.programs import client_program
from cutter.errors import BackupFailed
from cutter.gpg.encrypting import demand_sealed, demand_signed, opening, usable_key
from cutter.gpg.homes import at_work

_BLOCK = 1 << 20


def sha256_of(file: BinaryIO) -> str:
    """Return ``sha256:<64 hex>`` over a file, read in blocks."""
    hashed = hashlib.sha256()
    file.seek(0)
    while block := file.read(_BLOCK):
        hashed.update(block)
    return f"sha256:{hashed.hexdigest()}"


def demand_described(path: str, manifest: Manifest) -> None:
    """Raise BackupFailed unless a file has exactly the bytes that the manifest describes."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size != manifest.size:
            how = "cut off" if size < manifest.size else "longer than it was written"
            raise BackupFailed(f"{path} is {how}: it has {size} bytes and not {manifest.size}", remedy=_ANEW)
        if sha256_of(file) != manifest.sha256:
            raise BackupFailed(
                f"{path} is not the file that its manifest describes: altered, or another one", remedy=_ANEW
            )


def demand_encrypted(path: str, home: str, recipient: str, *, named: str = "") -> None:
    """Raise BackupFailed unless a file is encrypted to exactly this key; nothing is decrypted."""
    key = usable_key(home, recipient, ["encrypt"], secret=False)
    with _opened(path) as file:
        demand_sealed(file, named or path, [key])


def demand_readable(path: str, home: str, signer: str, *, named: str = "") -> None:
    """Decrypt a file and have pg_restore read all of it. Raises BackupFailed unless both end well.

    Also when it is not signed by exactly this key, which only who decrypts it can see.
    """
    reader = Link([client_program("pg_restore"), "--file=/dev/null"])
    with _opened(path) as file:
        demand_signed(decrypted_into([reader], file.fileno(), home), named or path, signer)


def decrypted_into(links: list[Link], source: int, home: str, *, leaves_early: bool = False) -> bytes:
    """Decrypt an open file into a chain of programs, and return gpg's status lines. Raises BackupFailed."""
    status = os.memfd_create("status", os.MFD_CLOEXEC)
    try:
        with at_work(home) as (guard, path):
            opener = Link(opening(path, status), descriptors=(status,))
            os.lseek(source, 0, os.SEEK_SET)
            run_chain([opener, *links], guard, stdin=source, leaves_early=leaves_early)
        return os.pread(status, os.fstat(status).st_size, 0)
    finally:
        os.close(status)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise BackupFailed(f"{path} cannot be read: {error.strerror}", remedy=_ANEW) from None
    with os.fdopen(fd, "rb") as file:
        yield file


_ANEW = "take a new backup; what is left of this one proves nothing"
