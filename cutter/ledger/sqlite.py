"""The ledger in one SQLite file, for one environment on one machine.

Writers use the write-ahead log with a full sync per commit: what `append` returned is on disk. Readers
(`SqliteLedger.read`) neither create nor write a file: with no log beside it the file is read as immutable,
page by page, and a page during which somebody changed the file is read again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from heapq import merge
from typing import Any, Self

from cutter.errors import LedgerError
from cutter.ledger.actor import actor_name
from cutter.ledger.chain import FIRST_KIND, Entry, Finding, check, link
from cutter.ledger.checkpoint import Checkpoint
from cutter.ledger.complaints import complaint_of, refused
from cutter.ledger.digest_key import sync_folder
from cutter.model.canonical import canonical

FILE = "ledger.db"
PAGE = 2_000
WAIT_SECONDS = 30.0
_CREATION = ("wal", "durable", "table", "by_kind", "by_run", "no_update", "no_delete", "one_line")

Clock = Callable[[], datetime]
Addition = tuple[str, Mapping[str, Any]]
Stamp = tuple[int, int, int]


def utc_now() -> datetime:
    """Return the time of the machine's clock, in UTC."""
    return datetime.now(UTC)


class SqliteLedger:
    """An open ledger; `open` and `read` are the ways to get one. Close it, or use it in a `with`."""

    def __init__(self, path: str, environment: str, now: Clock = utc_now, *, writes: bool) -> None:
        """Connect to the file at `path`; a reader of a file that does not exist sees no entries."""
        self.path = path
        self._now = now
        self._writes = writes
        self._connection: sqlite3.Connection | None = None
        self._stamp: Stamp | None = None
        self._connect()
        self._must_be_of(environment)

    @classmethod
    def open(cls, folder: str, *, create: bool, environment: str, now: Clock = utc_now) -> SqliteLedger:
        """Open the ledger of an environment for appending; `create` makes folder (0700) and file (0600).

        Raises LedgerError when there is none, when it belongs to another environment, or cannot be written.
        """
        path = os.path.join(folder, FILE)
        if not _exists(path):
            if not create:
                raise LedgerError("there is no ledger here", place=path, remedy="the first apply makes it")
            _create(path, environment, now)
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
        at, actor = _rfc3339(self._now()), actor_name()
        with self._transaction() as connection:
            entries: list[Entry] = []
            previous = _one(connection, "head")
            for kind, body in texts:
                previous = link(previous, kind, body, at, actor)
                entries.append(previous)
            connection.executemany(_SQL["add"], entries)
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

    def head(self) -> Entry | None:
        """Return the last entry; None where there is no ledger yet."""
        return next(iter(self._fetch("head")), None)

    def checkpoint(self) -> Checkpoint | None:
        """Return what is to be kept elsewhere of the ledger as it is; None where there is no ledger yet."""
        first, head = next(iter(self._fetch("first")), None), self.head()
        return Checkpoint(first.content()["id"], head.seq, head.hash, head.at) if first and head else None

    def verify(self, checkpoint: Checkpoint | None = None) -> list[Finding]:
        """Check the whole chain; an empty list says that it is sound and, given a checkpoint, whole."""
        return check(self._pages("all"), checkpoint)

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
        first = next(iter(self._fetch("first")), None)
        named = first.content().get("environment") if first and first.kind == FIRST_KIND else None
        if first and named is not None and named != environment:
            self.close()
            cause = f"this ledger belongs to the environment {named!r}, not to {environment!r}"
            remedy = f"give {environment!r} a `ledger:` of its own in its environment.yml"
            raise LedgerError(cause, place=self.path, remedy=remedy)

    def _connect(self) -> None:
        with refused(self.path):
            if self._writes:
                self._connection = _connection(self.path, "mode=rw")
                self._connection.execute(_SQL["durable"])
            elif _exists(self.path):
                self._stamp = None if _size(f"{self.path}-wal") else _stamp(self.path)
                self._connection = _connection(self.path, "mode=ro&immutable=1" if self._stamp else "mode=ro")

    def _pages(self, query: str, **values: object) -> Iterator[Entry]:
        after = 0
        while page := self._fetch(query, after=after, page=PAGE, **values):
            yield from page
            after = page[-1].seq

    def _fetch(self, query: str, **values: object) -> list[Entry]:
        while self._connection is not None:
            try:
                rows = self._connection.execute(_SQL[query], values).fetchall()
            except sqlite3.Error as error:
                if not self._disturbed():
                    raise complaint_of(error, self.path) from error
            else:
                if not self._disturbed():
                    return [Entry(*row) for row in rows]
            self.close()
            self._connect()
        return []

    def _disturbed(self) -> bool:
        return self._stamp is not None and self._stamp != _stamp(self.path)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            raise LedgerError("the ledger is closed", place=self.path)
        with refused(self.path):
            self._connection.execute(_SQL["begin"])
            with self._connection:
                yield self._connection


def _create(path: str, environment: str, now: Clock) -> None:
    """Make a whole ledger under another name first, so that half of one is never found under its own."""
    with refused(path):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        temporary = f"{path}.{os.urandom(6).hex()}.new"
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        try:
            _fill(temporary, environment, now)
            os.link(temporary, path)
        except FileExistsError:  # another process made it meanwhile; `open` looks whose it is
            pass
        finally:
            os.unlink(temporary)
        sync_folder(os.path.dirname(path))


def _fill(path: str, environment: str, now: Clock) -> None:
    body = canonical({"id": os.urandom(16).hex(), "environment": environment}).decode("ascii")
    connection = _connection(path, "mode=rw")
    try:
        for name in _CREATION:
            connection.execute(_SQL[name])
        connection.execute(_SQL["add"], link(None, FIRST_KIND, body, _rfc3339(now()), actor_name()))
    finally:
        connection.close()


def _connection(path: str, mode: str) -> sqlite3.Connection:
    name = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{name}?{mode}", uri=True, timeout=WAIT_SECONDS, isolation_level=None)
    connection.text_factory = _text
    return connection


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogateescape")  # what was written over an entry can be anything


def _one(connection: sqlite3.Connection, query: str) -> Entry | None:
    row = connection.execute(_SQL[query]).fetchone()
    return Entry(*row) if row else None


def _statements() -> dict[str, str]:
    with open(os.path.join(os.path.dirname(__file__), "sqlite.sql"), encoding="utf-8") as file:
        parts = file.read().split("-- name: ")[1:]
    return {name: statement.strip() for name, _, statement in (part.partition("\n") for part in parts)}


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _exists(path: str) -> bool:
    with refused(path):
        try:
            os.stat(path)
        except FileNotFoundError:
            return False
    return True


def _stamp(path: str) -> Stamp:
    seen = os.stat(path)
    return (seen.st_ino, seen.st_size, seen.st_mtime_ns)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


_SQL = _statements()
