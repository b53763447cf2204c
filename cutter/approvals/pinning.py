"""Who may approve, as pinned in a database: what replaces it was signed by those who might until then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cutter.approvals.authority import Authority
from cutter.approvals.files import document_of, signature_file, signatures_beside
from cutter.approvals.times import written
from cutter.approvals.verdicts import signatories
from cutter.database.failures import told
from cutter.database.statements import statements
from cutter.errors import ApprovalRefused
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

_PLACE = "authority"


class Pinned(NamedTuple):
    """The authority in force in a database: its digest and canonical text, and since when (Unix seconds)."""

    digest: str
    content: str
    since: float


def pinned(connection: Connection) -> Pinned | None:
    """Return what is pinned, as the owner or the reader sees it; None where nothing is."""
    known = statements("authority")
    with told(_PLACE):
        if connection.execute(known["installed"]).fetchone() != (True,):
            return None
        row = connection.execute(known["pinned"]).fetchone()
    return Pinned(*row) if row else None


def ever_pinned(connection: Connection) -> tuple[str, ...]:
    """Return the digests of all that was ever pinned, the one in force last; empty where nothing was."""
    known = statements("authority")
    with told(_PLACE):
        if connection.execute(known["installed"]).fetchone() != (True,):
            return ()
        return tuple(str(row[0]) for row in connection.execute(known["ever_pinned"]).fetchall())


def demand_approved(found: Pinned, path: str) -> str:
    """Return who approved the authority.yml at `path` under the one in force: ``SG_1: alice, SG_2: bob``.

    Raises ApprovalRefused unless each role of its rule signed these bytes, and did so since it is in force.
    """
    old = Authority.from_content(found.content)
    if not path:
        raise ApprovalRefused(
            "the database knows who may approve, and here is no authority.yml",
            remedy="put it back; who may approve changes only by an approval under who may now",
        )
    roles = old.rule.roles
    signed = signatories(
        document_of(path), signatures_beside(path, roles), old, roles, place=path, now=time.time()
    )
    for each in signed:
        if each.signed.made < int(found.since):
            cause = (
                f"the signature for {each.role} was made at {written(each.signed.made)}, and what it is to "
                f"replace is in force since {written(found.since)}"
            )
            remedy = f"cutter approve {path} --role {each.role} --key FINGERPRINT"
            raise ApprovalRefused(cause, place=signature_file(path, each.role), remedy=remedy)
    return ", ".join(f"{each.role}: {each.person}" for each in sorted(signed))


def pin(
    connection: Connection, authority: Authority, found: Pinned | None, approved_by: str, run: str
) -> None:
    """Pin an authority in the place of what was found, as the owner; the caller commits."""
    known = statements("authority")
    replaces = None if found is None else found.digest
    with told(_PLACE):
        connection.execute(known["as_owner"])
        connection.execute(known["pin"], (authority.digest, authority.content, replaces, approved_by, run))
        connection.execute(known["as_login"])
