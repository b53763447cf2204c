"""A request at the moment it is to be run: it must be exactly what was approved, and never used."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cutter.app.matrix_file import matrix_digest
from cutter.app.planfile import KeptPlan, read_plan
from cutter.app.request_facts import facts_of
from cutter.app.workspace import Job, Workspace
from cutter.approvals.accepted import AcceptedRequest
from cutter.approvals.authority import Authority
from cutter.approvals.files import document_of, signatures_beside
from cutter.approvals.requests import Facts, SignedRequest, parse_request
from cutter.approvals.times import moment
from cutter.approvals.verdicts import Memory, Signatures, judge_request, refuse_used, roles_for
from cutter.errors import ApprovalRefused
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.canonical import bytes_digest
from cutter.named_tuple import NamedTuple

_AGAIN = "make a new plan, and a new request of it"
ENTRY = "approval"
"""The kind of the ledger's entries that keep an accepted request."""


class GivenRequest(NamedTuple):
    """A request's file as it was found, with its plan beside it."""

    path: str
    signed: SignedRequest
    plan_path: str
    kept: KeptPlan
    plan_bytes: bytes


class Acceptance(NamedTuple):
    """An accepted request, and everything it takes to judge it again: for the ledger."""

    accepted: AcceptedRequest
    text: str
    signatures: Signatures
    authority: Authority

    def demand_in_time(self) -> None:
        """Raise ApprovalRefused where the request expired since it was judged."""
        if moment(self.accepted.expires) <= time.time():
            raise ApprovalRefused(f"the request expired at {self.accepted.expires}", remedy=_AGAIN)

    def body(self) -> Mapping[str, Any]:
        """Return what the ledger keeps, signatures and authority included."""
        texts = {role: content.hex() for role, content in self.signatures.items()}
        kept = {"text": self.text, "signatures": texts, "authority_text": self.authority.content}
        return {**self.accepted.body(), **kept}


class LedgerMemory:
    """The approvals that a ledger remembers to have been used."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self.ledger = ledger

    def used_by(self, nonce: str) -> str:
        """Return the run that used the approval with this nonce; empty where none did."""
        entries = (entry.content() for entry in self.ledger.entries(kinds={ENTRY}))
        return next((str(body["run"]) for body in entries if body.get("nonce") == nonce), "")


def read_request(path: str) -> GivenRequest:
    """Return the request in a file and the plan it names, from the same folder.

    Raises ApprovalRefused for an altered request or another plan, StalePlan for an altered plan.
    """
    signed = parse_request(document_of(path), path)
    plan_path = os.path.join(os.path.dirname(path), os.path.basename(signed.request.plan_file))
    content = document_of(plan_path)
    kept = read_plan(plan_path)
    facts = signed.request.facts
    if (kept.digest, bytes_digest(content)) != (facts.plan_digest, facts.plan_bytes):
        cause = f"{plan_path} is another plan than the one the request is for"
        raise ApprovalRefused(cause, place=path, remedy=_AGAIN)
    return GivenRequest(path, signed, plan_path, kept, content)


def accept(
    workspace: Workspace, ledger: SqliteLedger, given: GivenRequest, memories: Sequence[Memory] = ()
) -> Acceptance:
    """Judge a request and return what it allows. Raises ApprovalRefused with the first reason against it.

    `memories` are those beside the ledger that remember used approvals.
    """
    request = given.signed.request
    refuse_used(request, [LedgerMemory(ledger), *memories], place=given.path)
    _refuse_other_ledger(ledger, given)
    if request.facts.matrix != matrix_digest(workspace):
        raise ApprovalRefused("the gap matrix changed since the request", place=given.path, remedy=_AGAIN)
    authority = workspace.authority()
    signatures = signatures_beside(given.path, roles_for(request, authority))
    accepted = judge_request(given.signed, signatures, authority, place=given.path, now=time.time())
    return Acceptance(accepted, given.signed.content.decode(), signatures, authority)


def refuse_other_facts(workspace: Workspace, given: GivenRequest, job: Job) -> None:
    """Raise ApprovalRefused when the request tells people something else than its plan says."""
    told, said = given.signed.request.facts, facts_of(workspace, given.kept, given.plan_bytes, job)
    for name in _differing(told, said):
        cause = f"the request says something else than its plan: {name.replace('_', ' ')}"
        raise ApprovalRefused(cause, place=given.path, remedy=_AGAIN)


def _differing(told: Facts, said: Facts) -> Iterator[str]:
    return (name for name in told._fields if getattr(told, name) != getattr(said, name))


def _refuse_other_ledger(ledger: SqliteLedger, given: GivenRequest) -> None:
    """Raise ApprovalRefused unless the ledger is the request's own, and still has the head it had then."""
    request = given.signed.request
    checkpoint = ledger.checkpoint()
    if checkpoint is None or checkpoint.ledger != request.ledger:
        cause = f"the request was made with another ledger, {request.ledger}"
        raise ApprovalRefused(cause, place=given.path, remedy=_AGAIN)
    if not any(
        entry.hash == request.ledger_hash for entry in ledger.entries() if entry.seq == request.ledger_seq
    ):
        cause = f"the ledger no longer has entry {request.ledger_seq} as it was when the request was made"
        raise ApprovalRefused(cause, place=given.path, remedy="see what was done: cutter ledger verify")
