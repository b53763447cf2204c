"""One signature for one role over a request or a document, made by the person's own gpg and checked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing

from cutter.app.accepting import GivenRequest, read_request, refuse_other_facts
from cutter.app.publishing import publish
from cutter.app.workspace import Workspace
from cutter.approvals.authority import Authority
from cutter.approvals.files import document_of, signature_file, signatures_beside
from cutter.approvals.requests import SignedRequest, parse_request
from cutter.approvals.verdicts import Signatory, demand_distinct, demand_standing, roles_for, signatories
from cutter.errors import (
    ApprovalRefused,
    ConfigurationError,
    CutterError,
    InvalidDocument,
    StalePlan,
    Unavailable,
)
from cutter.gpg.signatures import BadSignature
from cutter.gpg.signing import signed
from cutter.gpg.verifying import verified
from cutter.named_tuple import NamedTuple


class Approver(NamedTuple):
    """Who is to sign: for which role, by which key (the full fingerprint), and who that is."""

    role: str
    key: str
    person: str


class Signing(NamedTuple):
    """What is to be signed, by whom, and what is signed already.

    `request` is None for a document. `notes` say what could not be compared here. `missing` are the roles of
    the rule that have no signature yet, the approver's own included.
    """

    path: str
    content: bytes
    request: SignedRequest | None
    authority: Authority
    approver: Approver
    signatories: tuple[Signatory, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def done(self) -> bool:
        """Tell whether the role has its signature already."""
        return self.approver.role in self.signed

    @property
    def signed(self) -> dict[str, str]:
        """Who signed already, by role."""
        return {each.role: each.person for each in self.signatories}


def prepare(workspace: Workspace, path: str, role: str, key: str, *, is_request: bool) -> Signing:
    """Return what is to be signed. Raises ApprovalRefused where this signature would not count."""
    authority = _authority_over(workspace, path)
    content = document_of(path)
    request = parse_request(content, path) if is_request else None
    approver = _approver(authority, role, key, path)
    if request is not None:
        demand_standing(request, authority, place=path, now=time.time())
        _refuse_requester(request, authority, approver, path)
    needed = authority.rule.roles if request is None else roles_for(request.request, authority)
    roles = tuple(dict.fromkeys((*needed, role)))
    found = tuple(_signed_so_far(content, authority, path, roles))
    for each in found:
        if each.role != role and each.person == approver.person and authority.rule.distinct_people:
            cause = f"{each.person} signed for {each.role} already, and each role needs another person"
            raise ApprovalRefused(cause, place=path)
    missing = tuple(name for name in roles if name not in {each.role for each in found})
    notes = tuple(_compared(workspace, path)) if is_request else ()
    return Signing(path, content, request, authority, approver, found, missing, notes)


def sign(signing: Signing) -> str:
    """Make the signature, check it as an apply would, write it beside the file, and return where.

    Raises StepFailed with gpg's own words, and ApprovalRefused where the signature would not count.
    """
    approver, authority = signing.approver, signing.authority
    made = signed(signing.content, approver.key)
    own = authority.certificates([approver.person])
    try:
        found = verified(signing.content, made, {approver.key: own[approver.key]})
    except BadSignature as error:
        raise ApprovalRefused(f"the signature that gpg made {error}", place=signing.path) from None
    mine = Signatory(approver.role, approver.person, found)
    for other in signing.signatories:
        demand_distinct(other, mine, authority, signing.path)
    if document_of(signing.path) != signing.content:
        raise ApprovalRefused("the file changed while it was looked at", place=signing.path)
    path = signature_file(signing.path, approver.role)
    publish(path, made.decode("ascii"))
    return path


def _authority_over(workspace: Workspace, path: str) -> Authority:
    """Return under whom a file is approved: who replaces who may approve is approved by these."""
    own = workspace.authority_file
    if own and os.path.exists(path) and os.path.samefile(own, path):
        for database in workspace.environment.databases:
            found = _pinned(workspace, database.name)
            if found is not None:
                return found
    return workspace.authority()


def _pinned(workspace: Workspace, name: str) -> Authority | None:
    """Return who may approve as a database has it pinned; None where it has not, or cannot be asked."""
    from cutter.approvals.pinning import pinned

    provider = workspace.database_context(name, "").provider
    try:
        with closing(provider("OWNER" if provider.has("OWNER") else "READER")) as connection:
            found = pinned(connection)
    except (ConfigurationError, Unavailable):
        return None
    return None if found is None else Authority.from_content(found.content)


def _approver(authority: Authority, role: str, key: str, path: str) -> Approver:
    people = authority.people_of(role)
    try:
        person = authority.person_of(key)
    except LookupError:
        cause = f"the key {key} is not pinned in authority.yml"
        raise ApprovalRefused(cause, place=path, remedy=f"{role} is signed by {', '.join(people)}") from None
    if person not in people:
        cause = f"the key {key} is of {person}, who is not of the role {role}"
        raise ApprovalRefused(cause, place=path, remedy=f"{role} is signed by {', '.join(people)}")
    return Approver(role, key, person)


def _refuse_requester(request: SignedRequest, authority: Authority, approver: Approver, path: str) -> None:
    if approver.person == request.request.requester and not authority.rule.requester_may_approve:
        cause = f"{approver.person} requests this, and may not sign for {approver.role} too"
        raise ApprovalRefused(cause, place=path, remedy="somebody else of that role has to sign")


def _signed_so_far(
    content: bytes, authority: Authority, path: str, roles: tuple[str, ...]
) -> Iterator[Signatory]:
    """Yield what counts of the signatures there are; one that does not count is refused by its name."""
    found = signatures_beside(path, roles)
    for role in found:
        try:
            yield from signatories(content, found, authority, [role], place=path, now=time.time())
        except ApprovalRefused as refusal:
            where = signature_file(path, role)
            raise ApprovalRefused(
                refusal.cause, place=where, remedy=f"move {where} away, then sign"
            ) from None


def _compared(workspace: Workspace, path: str) -> Iterator[str]:
    """Compare a request with its plan, where that is here; yield what a person should know of it.

    Raises ApprovalRefused and StalePlan where they do not agree.
    """
    named = parse_request(document_of(path), path).request.plan_file
    if not os.path.lexists(os.path.join(os.path.dirname(path), os.path.basename(named))):
        yield f"the plan {named} is not here, so what it says was not compared; `cutter apply` compares it"
        return
    given: GivenRequest = read_request(path)
    try:
        job = workspace.jobs(given.kept.paths)[0]
    except InvalidDocument as error:
        yield f"the runbook cannot be read here ({_first_line(error)}); `cutter apply` compares it"
        return
    if job.runbook.digest != given.signed.request.facts.runbook_digest:
        raise StalePlan(f"the runbook {job.path} changed since the plan was made", place=path)
    refuse_other_facts(workspace, given, job)


def _first_line(error: CutterError) -> str:
    return (error.cause.splitlines() or [""])[0]
