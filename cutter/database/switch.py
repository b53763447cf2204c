"""The kill switch: off, unless a session holds it on for one run until a moment in time.

It is on when its row for the run is there, has not run out, was made for this very database, and the session
that made it still holds its advisory lock. So it goes off by itself when its holder ends, however it ends.
PostgreSQL cannot verify a signature: whoever has the login that may write the row can turn it on.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cutter.database.failures import told
from cutter.database.statements import statements
from cutter.errors import KillSwitchOff, LockHeld, StepFailed

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

_PLACE = "kill switch"


def is_on(connection: Connection, run: str, cut_id: int | None = None) -> bool:
    """Tell whether the switch is on for a run, as the database sees it at this moment.

    `cut_id` is the cut that is to be taken back: it may be on for that alone.
    """
    with told(_PLACE):
        row = connection.execute(statements("switch")["is_on"], (run, cut_id)).fetchone()
    return row == (True,)


def demand(connection: Connection, run: str, cut_id: int | None = None) -> None:
    """Raise KillSwitchOff when the switch is off for a run: the first line of whatever writes."""
    if not is_on(connection, run, cut_id):
        raise KillSwitchOff(
            f"the kill switch is off for run {run}",
            place=_PLACE,
            remedy="it goes on for a run of an approved request alone: cutter apply FILE.request",
        )


@contextmanager
def held_on(connection: Connection, run: str, *, seconds: float, by: str) -> Iterator[None]:
    """Hold the switch on for a run, for as long as the block and at most this many seconds.

    `connection` is one of its own, of a login that may write the switch; it is in autocommit from then on.
    Raises LockHeld when another session holds it on for this run.
    """
    key = secrets.randbits(62)
    with told(_PLACE):
        connection.autocommit = True
        _turn_on(connection, run, key, seconds, by)
    try:
        yield
    finally:
        with suppress(Exception):  # a session that is gone has let go of the lock: the switch is off
            connection.execute(statements("switch")["let_go"], (key,))
            connection.execute(statements("switch")["turn_off"], (run, key))


def _turn_on(connection: Connection, run: str, key: int, seconds: float, by: str) -> None:
    known = statements("switch")
    if connection.execute(known["take"], (key,)).fetchone() != (True,):
        raise StepFailed("the lock of the switch could not be taken", place=_PLACE)
    connection.execute(known["forget_dead"], (run,))
    if connection.execute(known["turn_on"], (run, seconds, key, by)).rowcount != 1:
        connection.execute(known["let_go"], (key,))
        raise LockHeld(
            f"another session holds the switch on for run {run}",
            place=_PLACE,
            remedy="wait for it: the switch goes off with the session that holds it",
        )
