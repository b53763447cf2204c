"""A request that was accepted: what it allows, until when, and who signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutter.named_tuple import NamedTuple


class Signer(NamedTuple):
    """Whose signature counted for a role: the primary key's fingerprint, the person, and when, in UTC."""

    fingerprint: str
    person: str
    signed_at: str


class AcceptedRequest(NamedTuple):
    """What an accepted request allows: one run of one plan, on these very targets.

    `digest` is that of the request's file, `plan_digest` that of the plan in its file; `databases` are the
    identities of the targets, and `authority` the digest of the authority under which it was judged.
    `break_glass` is the reason where one person approved it alone; `matrix` is the digest of the gap matrix.
    """

    digest: str
    nonce: str
    plan_digest: str
    databases: tuple[str, ...]
    expires: str
    revert_until: str
    authority: str
    signers: Mapping[str, Signer]
    runs: int = 1
    break_glass: str = ""
    matrix: str = ""

    @property
    def roles(self) -> str:
        """The roles that signed, sorted, as a state writes them."""
        return " ".join(sorted(self.signers))

    def body(self) -> dict[str, Any]:
        """Return what the ledger keeps of the verdict."""
        return {
            "verdict": "accepted",
            "request": self.digest,
            "nonce": self.nonce,
            "plan_file": self.plan_digest,
            "databases": list(self.databases),
            "expires": self.expires,
            "revert_until": self.revert_until,
            "authority": self.authority,
            "roles": self.roles,
            **({"break_glass": self.break_glass} if self.break_glass else {}),
            "signers": {role: signer._asdict() for role, signer in self.signers.items()},
        }
