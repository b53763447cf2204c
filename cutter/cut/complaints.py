"""What the functions of the schema complain of, as leaves of the tree of errors.

They raise an SQLSTATE of class CT whose last two digits are the exit code; all else is the database's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cutter.errors import Conflict, CutterError, KillSwitchOff, LedgerError, StalePlan, StepFailed

if TYPE_CHECKING:
    import psycopg

ROLLED_BACK = "the transaction is rolled back; nothing was changed"

_OURS: Mapping[str, type[CutterError]] = {
    "CT010": Conflict,
    "CT012": StepFailed,
    "CT016": KillSwitchOff,
    "CT018": LedgerError,
    "CT020": StalePlan,
}
_REMEDIES: Mapping[str, str] = {
    "CT010": "correct the runbook, or the state of the database, and plan again",
    "CT012": "look at the document and its plan: cutter cutplan",
    "CT016": "an authorisation for this run turns it on",
    "CT018": "cutter doctor says what of the record still holds",
    "CT020": "revert what depends on it first",
}


@contextmanager
def complained(place: str) -> Iterator[None]:
    """Turn what the database raises inside into a CutterError that names `place`.

    The transaction is not ended here: who began it rolls it back, and must.
    """
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise complaint(error, place) from None


def complaint(error: psycopg.Error, place: str) -> CutterError:
    """Return the CutterError for what a statement of ours met."""
    from cutter.database.failures import failure

    code = error.sqlstate or ""
    if code not in _OURS:
        return failure(error, place, ROLLED_BACK)
    told = (error.diag.message_primary or str(error), error.diag.message_detail)
    cause = ": ".join(part for part in told if part)
    remedy = error.diag.message_hint or _REMEDIES[code]
    return _OURS[code](cause, place=place, world=ROLLED_BACK, remedy=remedy)
