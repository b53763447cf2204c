"""What a database's complaint means to an operator: a leaf of the tree, no traceback, no password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cutter.errors import (
    NOTHING_CHANGED,
    ConfigurationError,
    CutterError,
    LockHeld,
    PermissionRefused,
    StepFailed,
    Unavailable,
)

if TYPE_CHECKING:
    import psycopg

_LOST = ("08", "57P0", "53", "58")
_REFUSALS = ("does not exist", "pg_hba.conf", "no password supplied", "not permitted")
_TIMEOUTS = {
    "57014": "the statement took too long or was cancelled",
    "25P03": "the transaction waited too long for its next statement",
    "25P04": "the transaction took too long",
}


@contextmanager
def told(place: str, *, world: str = NOTHING_CHANGED) -> Iterator[None]:
    """Turn what psycopg raises inside into a CutterError; `world` is what is so when it is raised.

    Our own errors pass. A transaction that was not committed left nothing, whatever ended it.
    """
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise failure(error, place, world) from None


def failure(error: psycopg.Error, place: str, world: str = NOTHING_CHANGED) -> CutterError:
    """Return the CutterError for an error of a connected session."""
    code = error.sqlstate or ""
    said = _first_line(error)
    if code in _TIMEOUTS:
        return Unavailable(
            f"{_TIMEOUTS[code]}: {said}", place=place, world=world, remedy="run the command again"
        )
    if code == "55P03":
        remedy = "wait for the other session, or look: SELECT * FROM pg_locks WHERE granted"
        return LockHeld(f"another session holds a lock: {said}", place=place, world=world, remedy=remedy)
    if code == "42501":
        remedy = "connect with the login that may, or apply the cut_schema step as the owner"
        return PermissionRefused(f"the database refused: {said}", place=place, world=world, remedy=remedy)
    if code.startswith(_LOST) or _is_lost(error, code):
        remedy = "wait until the server answers, then run the command again"
        return Unavailable(f"the connection was lost: {said}", place=place, world=world, remedy=remedy)
    return StepFailed(f"the database refused ({code or 'no code'}): {said}", place=place, world=world)


def refused_connection(error: psycopg.Error, place: str, user: str, origin: str) -> CutterError:
    """Return the CutterError for a connection that never came to be; `origin` names the file to correct."""
    said = _first_line(error)
    if any(words in said for words in _REFUSALS):
        return ConfigurationError(
            f"the server refused {user}: {said}", place=place, remedy=f"correct {origin}, or the server"
        )
    if "password authentication failed" in said or getattr(error.pgconn, "used_password", False):
        return ConfigurationError(
            f"the server does not accept the password of {user}",
            place=place,
            remedy=f"correct the password in {origin}",
        )
    return Unavailable(
        f"the server cannot be reached: {said}", place=place, remedy="start it, or look at the network"
    )


def _is_lost(error: psycopg.Error, code: str) -> bool:
    import psycopg

    return not code and isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))


def _first_line(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    line = (said.strip().splitlines() or ["it said nothing"])[0]
    return line.rpartition("FATAL:")[2].strip() or line
