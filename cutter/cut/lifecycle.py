"""Which version of a document is in force: asked of the database, whose state machine alone decides."""

from __future__ import annotations

from datetime import date

from cutter.cut.complaints import complained
from cutter.cut.roles import Connection, one, rows
from cutter.named_tuple import NamedTuple


class Standing(NamedTuple):
    """Where a version stands: draft, enacted, superseded, revoked; in force from (included) until (excluded).

    Both days are None for a draft, and for a version that ended on the day it began (`ever_in_force` False).
    """

    state: str
    effective_from: date | None
    effective_until: date | None
    ever_in_force: bool


def standing(connection: Connection, document_ref: str, version: int) -> Standing | None:
    """Return where a version stands, None when there is no such version. Needs the reader's rights."""
    with complained(f"{document_ref} version {version}"):
        found = rows(connection, "lifecycle", "standing", document_ref, version)
    return Standing(*found[0]) if found else None


def version_in_force(connection: Connection, document_ref: str, day: date) -> int | None:
    """Return the one version that is in force on a day, None when none is. Needs the reader's rights."""
    with complained(document_ref):
        (version,) = one(connection, "lifecycle", "in_force", document_ref, day)
    return None if version is None else int(version)


def enact(connection: Connection, document_ref: str, version: int, effective_from: date, run: str) -> str:
    """Put a verified cut into force: enacted, or exists. Needs the enact role; the caller commits.

    Raises Conflict for an illegal transition, a cut that was altered, or a day that another version occupies.
    """
    with complained(f"{document_ref} version {version}"):
        (status,) = one(connection, "lifecycle", "enact", document_ref, version, effective_from, run)
    return str(status)


def revoke(connection: Connection, document_ref: str, version: int, effective_until: date, run: str) -> str:
    """Take the version in force out of it: revoked, or exists. Needs the enact role; the caller commits."""
    with complained(f"{document_ref} version {version}"):
        (status,) = one(connection, "lifecycle", "revoke", document_ref, version, effective_until, run)
    return str(status)


def undo(connection: Connection, document_ref: str, version: int, run: str) -> int | None:
    """Take back the newest enactment or revocation of a version; the caller commits.

    Returns the version that is in force again because of it, if one is. Raises StalePlan when the version is
    superseded, or has nothing to take back.
    """
    with complained(f"{document_ref} version {version}"):
        (restored,) = one(connection, "lifecycle", "undo", document_ref, version, run)
    return None if restored is None else int(restored)
