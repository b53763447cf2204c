"""The ledger in one SQLite file, for one environment on one machine.

Writers use the write-ahead log with a full sync per commit: what `append` returned is on disk. Readers
(`SqliteLedger.read`) neither create nor write a file: with no log beside it the file is read as immutable,
page by page, and a page during which somebody changed the file is read again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from heapq import merge
from typing import Any, Self

from cutter.errors import LedgerError
from cutter.ledger.actor import actor_name
from cutter.ledger.chain import Entry, Finding, against, beginning, check, link, sound
from cutter.ledger.checkpoint import Checkpoint
from cutter.ledger.complaints import complaint_of, refused
from cutter.ledger.sqlite_file import SQL, Clock, connect, create_file, exists, rfc3339, utc_now
from cutter.model.canonical import canonical

FILE = "ledger.db"
PAGE = 2_000
_BEFORE_ALL = -(2**63)

Addition = tuple[str, Mapping[str, Any]]
Stamp = tuple[int, int, int]
File = tuple[int, int]


class SqliteLedger:
    """An open ledger; `open` and `read` are the ways to get one. Close it, or use it in a `with`."""

    def __init__(self, path: str, environment: str, now: Clock = utc_now, *, writes: bool) -> None:
        """Connect to the file at `path`; a reader of a file that does not exist sees no entries."""
        self.path = path
        self._now = now
        self._writes = writes
        self._connection: sqlite3.Connection | None = None
        self._stamp: Stamp | None = None
        self._file: File | None = None
        self._connect()
        self._must_be_of(environment)

    @classmethod
    def open(cls, folder: str, *, create: bool, environment: str, now: Clock = utc_now) -> SqliteLedger:
        """Open the ledger of an environment for appending; `create` makes folder (0700) and file (0600).

        Raises LedgerError when there is none, when it belongs to another environment, or cannot be written.
        """
        path = os.path.join(folder, FILE)
        if not exists(path):
            if not create:
                raise LedgerError("there is no ledger here", place=path, remedy="the first apply makes it")
            create_file(path, environment, now)
        return cls(path, environment, now, writes=True)

    @classmethod
    def read(cls, folder: str, *, environment: str) -> SqliteLedger:
        """Open the ledger of an environment for looking only; where there is none, it has no entries."""
        return cls(os.path.join(folder, FILE), environment, writes=False)

    def append(self, additions: Iterable[Addition]) -> tuple[Entry, ...]:
        """Add entries, each (kind, body), all or none; they are on disk when this returns."""
        texts = [(kind, canonical(body).decode("ascii")) for kind, body in additions]
        if not texts:
            return ()
        at, actor = rfc3339(self._now()), actor_name()
        with self._transaction() as connection:
            entries: list[Entry] = []
            previous = self._entry("head")
            for kind, body in texts:
                previous = link(previous, kind, body, at, actor)
                entries.append(previous)
            connection.executemany(SQL["add"], entries)
        return tuple(entries)

    def entries(self, kinds: Iterable[str] | None = None, run: str | None = None) -> Iterator[Entry]:
        """Yield entries in order: all, or those of some kinds, of one run, or both."""
        if run is not None:
            wanted = None if kinds is None else frozenset(kinds)
            return (
                entry for entry in self._pages("of_run", run=run) if wanted is None or entry.kind in wanted
            )
        if kinds is not None:
            pages = (self._pages("of_kind", kind=kind) for kind in sorted(set(kinds)))
            return merge(*pages, key=lambda entry: entry.seq)
        return self._pages("all")

    def unfinished_runs(self) -> list[str]:
        """Return the runs that have a ``run`` entry and no ``end``, oldest first."""
        return [name for (name,) in self._fetch("unfinished")]

    def head(self) -> Entry | None:
        """Return the last entry; None where there is no ledger yet."""
        return self._entry("head")

    def checkpoint(self) -> Checkpoint | None:
        """Return what is to be kept elsewhere of the ledger as it is; None where there is no ledger yet."""
        head, ledger = self.head(), beginning(self._entry("first")).get("id")
        return Checkpoint(str(ledger), head.seq, head.hash, head.at) if head and ledger else None

    def verify(self, checkpoints: Iterable[Checkpoint] = ()) -> list[Finding]:
        """Check the whole chain; an empty list says that it is sound and, given checkpoints, whole."""
        if self._connection is not None and self.head() is None:
            return [Finding(1, "deleted", "the ledger has no entries, not even the one it began with")]
        return check(self._pages("all"), checkpoints)

    def against(self, checkpoint: Checkpoint) -> list[Finding]:
        """Compare with what a checkpoint remembers; the links before and after it are not checked."""
        entry = self._entry("numbered", seq=checkpoint.seq)
        seen = {entry.hash: entry.seq} if entry and sound(entry) else {}
        return against([checkpoint], self._entry("first"), self.head(), seen)

    def verify_since(self, known: Checkpoint | None) -> list[Finding]:
        """Check what follows a head that was checked before; everything where that is not the head it was."""
        entry = self._entry("numbered", seq=known.seq) if known else None
        if known is None or beginning(self._entry("first")).get("id") != known.ledger:
            return self.verify()
        if entry is None or entry.hash != known.hash or not sound(entry):
            return self.verify([known])
        return check(self._pages("all", after=known.seq), after=entry)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _must_be_of(self, environment: str) -> None:
        first = self._entry("first")
        named = beginning(first).get("environment")
        if named == environment or (
            named is None and not self._writes
        ):  # a damaged one can still be looked at
            return
        self.close()
        if named is None:
            remedy = "see what is left of it: cutter ledger verify"
            raise LedgerError("the beginning of this ledger is missing", place=self.path, remedy=remedy)
        cause = f"this ledger belongs to the environment {named!r}, not to {environment!r}"
        remedy = f"give {environment!r} a `ledger:` of its own in its environment.yml"
        raise LedgerError(cause, place=self.path, remedy=remedy)

    def _connect(self) -> None:
        with refused(self.path):
            if self._writes:
                self._connection = connect(self.path, "mode=rw")
                self._connection.execute(SQL["durable"])
                self._file = _file(self.path)
            elif exists(self.path):
                self._stamp = None if _size(f"{self.path}-wal") else _stamp(self.path)
                self._connection = connect(self.path, "mode=ro&immutable=1" if self._stamp else "mode=ro")

    def _entry(self, query: str, **values: object) -> Entry | None:
        return next(map(Entry._make, self._fetch(query, **values)), None)

    def _pages(self, query: str, after: int = _BEFORE_ALL, **values: object) -> Iterator[Entry]:
        while page := self._fetch(query, after=after, page=PAGE, **values):
            yield from map(Entry._make, page)
            after = page[-1][0]

    def _fetch(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        while self._connection is not None:
            try:
                rows = self._connection.execute(SQL[query], values).fetchall()
            except sqlite3.Error as error:
                if not self._disturbed():
                    raise complaint_of(error, self.path) from error
            else:
                if not self._disturbed():
                    return rows
            self.close()
            self._connect()
        return []

    def _disturbed(self) -> bool:
        return self._stamp is not None and self._stamp != _stamp(self.path)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            raise LedgerError("the ledger is closed", place=self.path)
        with refused(self.path), self._connection:
            self._connection.execute(SQL["begin"])
            yield self._connection
        self._must_stand()

    def _must_stand(self) -> None:
        """Raise LedgerError when what was written to is not what anybody will find here."""
        with refused(self.path):
            if _file(self.path) == self._file:
                return
        raise LedgerError(
            "the ledger was taken away while it was in use, and what is added to it is lost",
            place=self.path,
            remedy="put it back, if it was moved; then run the same command again: it looks first",
        )


def _stamp(path: str) -> Stamp:
    seen = os.stat(path)
    return (seen.st_ino, seen.st_size, seen.st_mtime_ns)


def _file(path: str) -> File | None:
    try:
        seen = os.stat(path)
    except FileNotFoundError:
        return None
    return (seen.st_dev, seen.st_ino)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
