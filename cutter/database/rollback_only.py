"""Proof by a transaction that is always rolled back, and a second look that finds nothing of it.

What is rehearsed runs for real, to its last deferred constraint, in a transaction that cannot commit (see
rehearsal). Afterwards another session asks whether it was aborted and compares all tables, the shape of the
database, prepared transactions and advisory locks with what was there before. What such a transaction cannot
hold back (a superuser's programs and files, dblink, foreign servers, untrusted languages) must be out of the
login's reach; that is looked at first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from cutter.database.connections import ConnectionProvider, identity
from cutter.database.failures import failure, told
from cutter.database.observed import differences, drift, observe
from cutter.database.rehearsal import Rehearsal
from cutter.database.statements import statements
from cutter.errors import Breached, CutterError, Unprovable
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    import psycopg

    from cutter.database.rehearsal_connection import RehearsalConnection

    Connection = psycopg.Connection[tuple[Any, ...]]

Work = Callable[[Rehearsal], object]
Outcome = Literal["proved", "unprovable", "breached"]

EXCLUDED = (
    "the login is no superuser and cannot become one, and may not replicate",
    "it reaches no program and no file of the server",
    "it may use no dblink and no foreign server",
    "it may execute nothing in an untrusted language",
    "it does not own the guard",
)
"""What no transaction holds back; it was looked at before the rehearsal began."""

ROLLED_BACK = "nothing was changed: it was rolled back, and a second session found everything as before"
UNSEEN = "the server rolls back what is under way when a connection ends, but no second session has looked"
_PLACE = "rehearsal"
_SETTLE_SECONDS = 10.0
_RELEASE_SECONDS = 1.0


class Proof(NamedTuple):
    """What came of a rehearsal.

    `before` and `after` are digests of all tables and of the shape of the database; `identity` is that of the
    database; `statements` counts what ran on the connection; `residue` names what a rollback does not take
    back (sequences) and what could not be looked at; `excluded` what the login was found to be unable to do.
    """

    outcome: Outcome
    reason: str
    residue: tuple[str, ...]
    statements: int
    before: str
    after: str
    identity: str
    excluded: tuple[str, ...]


def prove(provider: ConnectionProvider, login: str, work: Work, *, watcher: str = "") -> Proof:
    """Rehearse `work` as a login, and return what can be said about it.

    The watcher is the login that looks before and after: the provider's, where none is named. When the work
    fails for a reason of its own, that error is raised, after it is certain that nothing stayed.
    """
    from cutter.database.rehearsal_connection import RehearsalConnection

    with provider(watcher or provider.watcher) as second:
        second.autocommit = True
        connection = provider.of_kind(RehearsalConnection, login)
        try:
            return _proved(connection, second, work)
        finally:
            connection.shut()


def _proved(connection: RehearsalConnection, second: Connection, work: Work) -> Proof:
    with told(_PLACE):
        ways = [str(row[0]) for row in connection.execute(statements("rollback_only")["ways_out"]).fetchall()]
        named = identity(second)
        before = observe(second)
        if ways:
            same = before.digest
            return Proof("unprovable", "; ".join(ways), (), 0, same, same, named, ())
        rehearsal = Rehearsal(connection)
    error = _rehearsed(rehearsal, work)
    with told(_PLACE, world=UNSEEN):
        locks = _advisory_locks(second, rehearsal)
        rehearsal.discard()
        status = _settled(second, rehearsal.xid)
        after = observe(second)
    left = [*differences(before, after), *locks]
    if status != "aborted":
        left.insert(0, f"the transaction {rehearsal.xid} is {status or 'unknown'}, not aborted")
    verdict = _verdict(rehearsal, error, left)
    residue = (*drift(before, after), *(f"not looked at: {name}" for name in after.unseen))
    return Proof(*verdict, residue, rehearsal.count, before.digest, after.digest, named, EXCLUDED)


def _rehearsed(rehearsal: Rehearsal, work: Work) -> Exception | None:
    try:
        work(rehearsal)
        rehearsal.finish()
    except Exception as error:  # noqa: BLE001 - judged below, and raised again unless it is the verdict
        return error
    return None


def _verdict(rehearsal: Rehearsal, error: Exception | None, left: list[str]) -> tuple[Outcome, str]:
    """Return outcome and reason. Raises the work's own error when it left nothing."""
    complaint = rehearsal.complaint or (error if isinstance(error, (Breached, Unprovable)) else None)
    if left:
        said = complaint.cause if complaint else "it left something behind"
        return "breached", "; ".join([said, *left])
    if isinstance(complaint, Breached):
        return "breached", complaint.cause
    if complaint is not None:
        return "unprovable", complaint.cause
    if error is not None:
        raise _failed(error) from None
    return "proved", ""


def _failed(error: Exception) -> Exception:
    import psycopg

    if isinstance(error, psycopg.Error):
        return failure(error, _PLACE, ROLLED_BACK)
    if isinstance(error, CutterError):
        error.world = ROLLED_BACK
    return error


def _advisory_locks(second: Connection, rehearsal: Rehearsal) -> list[str]:
    """Return a complaint when the session holds advisory locks beyond its transaction's.

    The server lets go of a transaction's own locks a moment after it is over, and an aborted one is over a
    moment after it was told to be.
    """
    over: float | None = None
    while True:
        row = second.execute(statements("rollback_only")["advisory"], (rehearsal.pid,)).fetchone()
        if not row or not row[0]:
            return []
        if over is not None and time.monotonic() > over + _RELEASE_SECONDS:
            return [f"{row[0]} advisory locks outlive the transaction"]
        if over is None:
            _settled(second, rehearsal.xid)
            over = time.monotonic()
        time.sleep(0.01)


def _settled(second: Connection, xid: str) -> str:
    """Return what the server says of the transaction, once it is over."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        row = second.execute(statements("rollback_only")["status"], (xid,)).fetchone()
        status = str(row[0]) if row else ""
        if status != "in progress" or time.monotonic() > deadline:
            return status
        time.sleep(0.01)
