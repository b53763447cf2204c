"""What SQLite and the operating system complain about, in words that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC, EROFS

from cutter.errors import CutterError, LedgerError, LockHeld, PermissionRefused

_WORLD = "no entry was added to the ledger"
_FREE = "free some space there; the ledger is as it was, and the next run goes on from it"
_WRITABLE = "make that file system writable, or name another `ledger:` in environment.yml"
_DAMAGED = "keep the file aside, restore a copy, and compare: cutter ledger verify --checkpoint FILE"
_OF_SQLITE = {
    "SQLITE_FULL": ("no space is left for the ledger", _FREE),
    "SQLITE_READONLY": ("the ledger cannot be written: it, or its file system, is read-only", _WRITABLE),
    "SQLITE_CORRUPT": ("the file of the ledger is damaged", _DAMAGED),
    "SQLITE_NOTADB": ("the file is not a ledger, or is damaged", _DAMAGED),
}


@contextmanager
def refused(path: str) -> Iterator[None]:
    """Turn errors of SQLite and the system inside this block into ours; their place is the path."""
    try:
        yield
    except sqlite3.Error as error:
        raise complaint_of(error, path) from error
    except OSError as error:
        raise _of_system(error, path) from error


def complaint_of(error: sqlite3.Error, path: str) -> CutterError:
    """Return ours for an error of SQLite."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        remedy = "wait for the other run to end, then run the same command again"
        return LockHeld(
            "another process keeps writing to the ledger", place=path, world=_WORLD, remedy=remedy
        )
    for known, (cause, remedy) in _OF_SQLITE.items():
        if name.startswith(known):
            return LedgerError(cause, place=path, world=_WORLD, remedy=remedy)
    remedy = "look at the folder's space and permissions: cutter doctor"
    return LedgerError(f"the ledger cannot be used: {error}", place=path, world=_WORLD, remedy=remedy)


def _of_system(error: OSError, path: str) -> CutterError:
    if isinstance(error, PermissionError):
        remedy = "run as the user whose ledger it is (sudo), or name another `ledger:` in environment.yml"
        return PermissionRefused(f"the ledger cannot be reached: {error.strerror}", place=path, remedy=remedy)
    remedy = {ENOSPC: _FREE, EROFS: _WRITABLE}.get(error.errno or 0, "look at the folder: cutter doctor")
    cause = f"the ledger cannot be used: {error.strerror or error}"
    return LedgerError(cause, place=path, world=_WORLD, remedy=remedy)
