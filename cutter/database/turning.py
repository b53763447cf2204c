"""The kill switch turned on by an approval, held on by a session of its own, and turned off.

The session is the AUTHORISER's and does nothing else. When it ends, however that comes about, the switch is
off; when its client is gone without a word the server notices by keepalive, and at the latest ends it with
the lease.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cutter.database.failures import failure
from cutter.database.statements import statements
from cutter.errors import ApprovalRefused, CutterError, StalePlan
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

PLACE = "kill switch"
LONGEST_SECONDS = 4 * 3600
"""How long a lease may be; the database refuses a longer one."""
BREAK_GLASS_SECONDS = 900
"""How long it may be where one person approved alone; the database refuses a longer one."""
_AGAIN = "make a new plan, and a new request of it"
_REFUSALS: dict[str, type[CutterError]] = {"CT015": ApprovalRefused, "CT020": StalePlan}


class Permit(NamedTuple):
    """What an accepted approval says to a database: which, by what, under whom, and until when.

    `expires` and `revert_until` are moments in UTC as a request writes them; `break_glass` is the reason
    where one person approved it alone.
    """

    database: str
    request: str
    nonce: str
    authority: str
    signed_by: str
    expires: str
    revert_until: str
    break_glass: str = ""


class HeldSwitch:
    """The switch while a session holds it on for a run; `until` is when its lease ends, None before."""

    def __init__(self, connection: Connection, run: str) -> None:
        """Take a connection of the AUTHORISER, which this has from now on; the switch is off."""
        self.connection = connection
        self.run = run
        self.until: datetime | None = None
        connection.autocommit = True

    def turn_on(self, permit: Permit, seconds: int) -> datetime:
        """Turn it on for the run, for so many seconds. Raises ApprovalRefused when the database says no."""
        return self._turn("authorised", seconds, self.run, seconds, _key(), *permit)

    def turn_on_for_inverse(self, cut_id: int, database: str, seconds: int) -> datetime:
        """Turn it on for the removal of one cut and nothing else. Raises ApprovalRefused."""
        return self._turn("inverse", seconds, self.run, cut_id, seconds, _key(), database)

    def turn_off(self) -> bool:
        """Turn it off and end the session; tell whether it was on until now. Raises nothing."""
        was_on = False
        with suppress(Exception):  # a session that is gone has let go of it already
            was_on = bool(turn_off(self.connection, self.run))
            settle(self.connection)
        with suppress(Exception):
            self.connection.close()
        return was_on

    def _turn(self, name: str, seconds: int, *values: object) -> datetime:
        known = statements("switch")
        with _refused():
            self.connection.execute(known["patience"], (f"{seconds}s",))
            row = self.connection.execute(known[name], values).fetchone()
        if row is None:
            raise AssertionError("the function returns one moment")
        until: datetime = row[0]
        self.until = until
        return until


def turn_off(connection: Connection, run: str | None = None) -> tuple[str, ...]:
    """Turn the switch off, for a run or for all, and return the runs it was on for. Waits for nobody.

    `connection` is in autocommit, and of any login of ours. What a run has under way fails from then on.
    """
    with _refused():
        found = connection.execute(statements("switch")["off"], (run,)).fetchall()
    return tuple(str(row[0]) for row in found)


def settle(connection: Connection) -> None:
    """Record the turns off that have no record yet; what is under way may have to end before that."""
    with _refused():
        connection.execute(statements("switch")["settle"])


def _key() -> int:
    return secrets.randbits(62)


@contextmanager
def _refused() -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        kind = _REFUSALS.get(error.sqlstate or "")
        if kind is None:
            raise failure(error, PLACE) from None
        told = (error.diag.message_primary or "", error.diag.message_detail or "")
        raise kind(": ".join(filter(None, told)), place=PLACE, remedy=_AGAIN) from None
