"""A commit whose end is known for certain: where its connection is lost meanwhile, the database is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from cutter.cut.complaints import complained, complaint
from cutter.cut.reading import ByRole, reading
from cutter.cut.roles import Connection, one
from cutter.errors import Interrupted, Unavailable
from cutter.named_tuple import NamedTuple

PATIENCE_SECONDS = 30.0
"""How long a server that went away is waited for, once a commit was sent to it."""
_PAUSE_SECONDS = 0.2

T = TypeVar("T")


class Work(NamedTuple):
    """What a commit makes last: in words, and by which record a reader tells that it did."""

    what: str
    is_recorded: Callable[[Connection], bool]


def commit(connection: Connection, by_role: ByRole, work: Work) -> bool:
    """Commit; True when the connection outlived it, False when it was lost and the work is committed.

    Raises what the database complains of, also Unavailable, when all is rolled back; Interrupted when the
    connection was lost and nobody can be asked what came of the work.
    """
    with complained("commit"):
        (transaction,) = one(connection, "committing", "transaction")
    try:
        with complained("commit"):
            connection.commit()
    except Unavailable:
        if _is_rehearsed(connection):
            raise  # it could not have committed
        connection.close()
        if transaction is not None and not patiently(
            work.what, lambda: _is_committed(by_role, transaction, work)
        ):
            raise
        return False
    return True


def recorded(name: str, *values: object) -> Callable[[Connection], bool]:
    """Return what asks, by a named statement, whether a governance record is there."""
    return lambda connection: bool(one(connection, "committing", name, *values)[0])


def patiently(what: str, ask: Callable[[], T]) -> T:
    """Return the answer of a server that may have to come back first. Raises Interrupted when it does not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except Unavailable as error:
            if time.monotonic() > deadline:
                raise Interrupted(
                    f"nobody can be asked what came of {what}: {error.cause}",
                    place=error.place,
                    world="it is done whole, or not at all; which of them is not known",
                    remedy="when the server answers, run the same command again: it looks first",
                ) from error
            time.sleep(_PAUSE_SECONDS)


def _is_rehearsed(connection: Connection) -> bool:
    return getattr(connection, "foreign", None) is not None


def _is_committed(by_role: ByRole, transaction: str, work: Work) -> bool:
    """Tell whether a transaction whose client was lost is committed. Raises Unavailable while it goes on.

    Its number says only that it is over: a server that crashed may have given it to another one since.
    """
    if _goes_on(by_role, transaction):
        raise Unavailable(f"transaction {transaction} still goes on")
    with reading(by_role) as connection, complained("commit"):
        return work.is_recorded(connection)


def _goes_on(by_role: ByRole, transaction: str) -> bool:
    import psycopg

    try:
        with reading(by_role) as connection:
            return bool(one(connection, "committing", "end_of", transaction)[0] == "in progress")
    except psycopg.errors.InvalidParameterValue:
        return False  # a number that is yet to be given out: the crash forgot it, and so the transaction
    except psycopg.Error as error:
        raise complaint(error, "commit") from None
