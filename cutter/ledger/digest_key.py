"""The key under which secrets enter a State, in a file beside the ledger."""

from __future__ import annotations

import os
import stat

from cutter.errors import ConfigurationError
from cutter.filesystem.walk import sync_folder
from cutter.ledger.complaints import refused
from cutter.ledger.folder import make_folder

FILE = "digest.key"
_SIZE = 32


def digest_key(folder: str, *, create: bool, new: bytes = b"") -> bytes | None:
    """Return the 32 bytes of the key, making it first if asked to; None where there is none.

    A key that is made is `new`, where that is given: then what was digested with it need not be done again.
    Raises ConfigurationError when the file is not a key, or others may read it.
    """
    path = os.path.join(folder, FILE)
    with refused(path):
        try:
            return _read(path)
        except FileNotFoundError:
            if not create:
                return None
        make_folder(folder)
        _make(path, new or new_key())
        return _read(path)


def new_key() -> bytes:
    """Return 32 random bytes."""
    return os.urandom(_SIZE)


def _read(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        mode, key = stat.S_IMODE(os.fstat(file).st_mode), os.read(file, _SIZE + 1)
    finally:
        os.close(file)
    if mode & 0o077:
        raise ConfigurationError("others may read the digest key", place=path, remedy=f"chmod 600 {path}")
    if len(key) != _SIZE:
        remedy = "restore it from a copy of the ledger's folder; with another key every secret looks drifted"
        raise ConfigurationError(f"the digest key is not {_SIZE} bytes long", place=path, remedy=remedy)
    return key


def _make(path: str, key: bytes) -> None:
    """Write the key under another name first, and never over a key that somebody else made meanwhile."""
    temporary = f"{path}.{os.urandom(6).hex()}.new"
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, key)
        os.fsync(file)
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.close(file)
        os.unlink(temporary)
    sync_folder(os.path.dirname(path))
