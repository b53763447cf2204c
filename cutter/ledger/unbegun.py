"""A ledger in which nothing was recorded goes again, with the folders that were made for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from cutter.errors import LedgerError
from cutter.ledger import digest_key, sqlite
from cutter.ledger.sqlite import SqliteLedger
from cutter.named_tuple import NamedTuple

_LOCK = "run.lock"
_OURS = (sqlite.FILE, digest_key.FILE, _LOCK)


class Before(NamedTuple):
    """What was there before a session: the names in the ledger's folder, and which folders were missing."""

    folder: str
    names: frozenset[str]
    missing: tuple[str, ...]

    def once_locked(self) -> Before:
        """Return the same with what others made while the session waited for its lock."""
        lock = frozenset({_LOCK})
        return self._replace(names=_names(self.folder) - lock | self.names & lock)


def before(folder: str) -> Before:
    """Return what is there now."""
    return Before(folder, _names(folder), tuple(_missing(folder.rstrip("/"))))


def unbegun(was: Before, ledger: SqliteLedger) -> bool:
    """Tell whether a session made this ledger and recorded nothing in it, not even a refusal."""
    try:
        return sqlite.FILE not in was.names and not any(entry.seq > 1 for entry in ledger.entries())
    except LedgerError:  # what cannot be read stays
        return False


def take_away(was: Before) -> None:
    """Remove what a session made and did not use; only the holder of the run lock may call this.

    The lock's file goes last: who waits for it then looks for the one that stands there.
    """
    for name in _OURS:
        if name not in was.names:
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(was.folder, name))
    with suppress(OSError):  # somebody else has put something there meanwhile
        for folder in was.missing:
            os.rmdir(folder)


def _names(folder: str) -> frozenset[str]:
    return frozenset(os.listdir(folder)) if os.path.isdir(folder) else frozenset()


def _missing(folder: str) -> Iterator[str]:
    while folder and not os.path.isdir(folder):
        yield folder
        folder = os.path.dirname(folder)
