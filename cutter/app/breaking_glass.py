"""Break-glass: a run that one person approved alone leaves a gap, which only others close.

What it did is told by an account, made from the ledger and always the same. The gap is closed by an
`approval` step over exactly that text, signed for every role of the rule, by none of those who broke the
glass; on a database of that run, which knows who may approve, or under the very authority of that run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cutter.ledger.sqlite import SqliteLedger
from cutter.model.canonical import bytes_digest
from cutter.model.gap_values import Baseline, GapDeclaration, GapState, GapStatus
from cutter.model.runbook import Position
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    from cutter.app.accepting import Acceptance

ENTRY = "break-glass"
_SUCCESS = ("ok", "changed")


class Glass(NamedTuple):
    """A run that one person approved alone: its account, which roles have to approve it, and who may not.

    `databases` are the identities of those it was for, and `authority` is the digest of who might approve.
    """

    run: str
    at: str
    reason: str
    roles: tuple[str, ...]
    not_by: tuple[str, ...]
    databases: tuple[str, ...]
    authority: str
    account: str

    @property
    def gap(self) -> str:
        """The name of the gap it leaves."""
        return f"BREAK-GLASS-{self.run}"


def broken_glass(
    common: Mapping[str, Any], acceptance: Acceptance
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the entry about a run that one person approved alone; nothing for any other."""
    from cutter.approvals.requests import parse_request

    accepted = acceptance.accepted
    if accepted.break_glass:
        asked = parse_request(acceptance.text.encode()).request
        signed = {role: signer.person for role, signer in accepted.signers.items()}
        told = {"reason": accepted.break_glass, "request": accepted.digest, "signed_by": signed}
        roles = list(acceptance.authority.rule.roles)
        under = {"databases": list(accepted.databases), "authority": accepted.authority}
        yield ENTRY, {**common, **told, **under, "requested_by": asked.requester, "roles": roles}


def glasses(ledger: SqliteLedger, environment: str) -> Iterator[Glass]:
    """Yield every run that one person approved alone, oldest first."""
    for entry in ledger.entries(kinds={ENTRY}):
        body = entry.content()
        if body["environment"] == environment:
            people = (*body["signed_by"].values(), body["requested_by"])
            account = _account(ledger, entry.at, body)
            roles, databases = tuple(body["roles"]), tuple(body["databases"])
            words = (body["run"], entry.at, body["reason"], roles, people, databases, body["authority"])
            yield Glass(*words, account)


def open_gaps(ledger: SqliteLedger, environment: str, command: Callable[..., str]) -> Iterator[GapStatus]:
    """Yield a gap that blocks for each of them whose account nobody else approved yet."""
    for glass in glasses(ledger, environment):
        if not _is_closed(ledger, environment, glass):
            yield _gap(glass, command("switch account", glass.run))


def _is_closed(ledger: SqliteLedger, environment: str, glass: Glass) -> bool:
    subject = bytes_digest(glass.account.encode())
    for entry in ledger.entries(kinds={"evidence"}):
        body = entry.content()
        seen = body.get("observed") or {}
        about = body.get("type") == "approval" and seen.get("subject") == subject
        known = body.get("identity") in glass.databases or seen.get("authority") == glass.authority
        if about and known and body["environment"] == environment and body["outcome"] in _SUCCESS:
            signed = dict(pair.split(": ", 1) for pair in str(seen.get("signed_by", "")).split(", ") if pair)
            if set(glass.roles) <= set(signed) and not set(glass.not_by) & set(signed.values()):
                return True
    return False


def _account(ledger: SqliteLedger, at: str, body: Mapping[str, Any]) -> str:
    steps = (entry.content() for entry in ledger.entries(kinds={"evidence"}, run=body["run"]))
    lines = [
        f"Account of run {body['run']}, which one person approved alone",
        "",
        f"Environment:  {body['environment']}",
        f"At:           {at}",
        f"Reason:       {body['reason']}",
        *(f"Approved by:  {person}, {role}" for role, person in sorted(body["signed_by"].items())),
        f"Requested by: {body['requested_by']}",
        f"Request:      {body['request']}",
        "",
        *(f"{step['outcome']}: {step['step']} on {step['target']} ({step['identity']})" for step in steps),
    ]
    return "\n".join(lines) + "\n"


def _gap(glass: Glass, command: str) -> GapStatus:
    roles = " and ".join(glass.roles)
    action = (
        f"print its account into a document, have it signed for {roles}, and apply an `approval` step of it"
    )
    nothing = Baseline("none")
    declared = GapDeclaration(
        id=glass.gap,
        title="A run that one person approved alone",
        finding=f"{glass.reason} ({glass.at})",
        done="others approved its account",
        residue="",
        venue="approvers",
        next_package=action,
        blocks="yes",
        reason="nobody but who broke the glass has looked at what was done",
        requires=(),
        max_age_seconds=None,
        pre=nothing,
        post=nothing,
        objectives=(),
        place=Position("the ledger", 1, 1),
    )
    return GapStatus(
        declared, GapState.OPEN, reopened=False, objectives=(), next_action=action, command=command
    )
