"""What a database can account for: whether its governance chain holds, and what it has on record of a cut."""

from __future__ import annotations

from cutter.cut.complaints import complained
from cutter.cut.roles import Connection, one, rows
from cutter.named_tuple import NamedTuple


class Account(NamedTuple):
    """The first fault of the chain, or nothing; the kinds of a version's records; who has the switch on."""

    fault: str
    recorded: tuple[str, ...]
    switched_on: tuple[str, ...]


def account_of(connection: Connection, document_ref: str, version: int) -> Account:
    """Return the account of one version: records of its cut, its verification and its enactment.

    Each counts only by the run that the rows themselves name. Needs the reader's rights.
    """
    with complained(f"{document_ref} version {version}"):
        (fault,) = one(connection, "account", "fault")
        kinds = rows(connection, "account", "recorded", document_ref, version)
        runs = rows(connection, "account", "switched_on")
    return Account(fault or "", tuple(kind for (kind,) in kinds), tuple(run for (run,) in runs))
