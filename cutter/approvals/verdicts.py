"""Whether the signatures over a request, or over a document, are those that the rule needs.

Every refusal says whose signature it is, over what, and why it does not count. A verdict is given once, when
a run is about to begin, and recorded; it is not given again about what was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cutter.approvals.accepted import AcceptedRequest, Signer
from cutter.approvals.authority import Authority
from cutter.approvals.files import signature_file
from cutter.approvals.requests import Request, SignedRequest
from cutter.approvals.times import moment, written
from cutter.errors import ApprovalRefused
from cutter.gpg.signatures import BadSignature
from cutter.gpg.verifying import Signed, verified
from cutter.named_tuple import NamedTuple

BREAK_GLASS = "BREAK_GLASS"
"""The role that may approve alone, for a reason."""
BREAK_GLASS_SECONDS = 3600
"""How long such a request lasts at most."""
_EVER = 2**62

Signatures = Mapping[str, bytes]
"""The bytes of the signature file of each role that has one."""


class Memory(Protocol):
    """What remembers approvals that were used: the ledger, and each database."""

    def used_by(self, nonce: str) -> str:
        """Return the run that used the approval with this nonce; empty where none did."""


class Signatory(NamedTuple):
    """A signature that counts, and the person it is of."""

    role: str
    person: str
    signed: Signed


def judge_request(
    given: SignedRequest, signatures: Signatures, authority: Authority, *, place: str, now: float
) -> AcceptedRequest:
    """Return what an accepted request allows. Raises ApprovalRefused with the first reason why it is not.

    `place` is the request's file; `now` this moment, in Unix seconds.
    """
    request = given.request
    demand_standing(given, authority, place=place, now=now)
    roles = roles_for(request, authority)
    found = signatories(given.content, signatures, authority, roles, place=place, now=now)
    for each in found:
        _demand_within(each, request, place)
        if each.person == request.requester and not authority.rule.requester_may_approve:
            cause = f"{each.person} requests this and signed for {each.role} too"
            raise ApprovalRefused(cause, place=place, remedy="somebody else of that role has to sign")
    return AcceptedRequest(
        digest=given.digest,
        nonce=request.nonce,
        plan_digest=request.facts.plan_digest,
        databases=request.databases,
        expires=request.expires,
        revert_until=request.revert_until,
        authority=authority.digest,
        signers={each.role: _signer(each) for each in found},
        break_glass=request.break_glass,
        matrix=request.facts.matrix,
    )


def roles_for(request: Request, authority: Authority) -> tuple[str, ...]:
    """Return the roles that have to sign a request. Raises ApprovalRefused where nobody may do it alone."""
    if not request.break_glass:
        return authority.rule.roles
    authority.people_of(BREAK_GLASS)
    return (BREAK_GLASS,)


def demand_standing(given: SignedRequest, authority: Authority, *, place: str, now: float) -> None:
    """Raise ApprovalRefused for a request that nobody need sign any more, or that nobody may have made."""
    request = given.request
    if request.facts.authority != authority.digest:
        cause = "authority.yml, or a certificate in it, changed since the request was made"
        raise _refused(cause, place)
    _demand_requester(given, authority, place, now)
    created, expires = moment(request.created), moment(request.expires)
    if created > now:
        raise _refused(f"the request was made in the future: {request.created}", place)
    if expires <= now:
        raise _refused(f"the request expired at {request.expires}, and it is {written(now)}", place)
    longest = min(authority.rule.expires_at_most, BREAK_GLASS_SECONDS if request.break_glass else _EVER)
    if expires - created > longest:
        raise _refused(f"the request lasts longer than the {longest} seconds that the rule allows", place)


def signatories(
    content: bytes,
    signatures: Signatures,
    authority: Authority,
    roles: Sequence[str],
    *,
    place: str,
    now: float,
) -> tuple[Signatory, ...]:
    """Return who signed these bytes for each role. Raises ApprovalRefused unless all of them may, and did."""
    found: list[Signatory] = []
    for role in roles:
        each = _signatory(content, signatures, authority, role, place=place, now=now)
        for other in found:
            demand_distinct(other, each, authority, place)
        found.append(each)
    for each in found:
        if each.person not in authority.people_of(each.role):
            cause = f"the signature for {each.role} is by {each.person}, who is not of that role"
            raise ApprovalRefused(
                cause, place=signature_file(place, each.role), remedy=_sign(place, each.role)
            )
    return tuple(found)


def demand_distinct(one: Signatory, other: Signatory, authority: Authority, place: str) -> None:
    """Raise ApprovalRefused where two signatures are by one key, or by one person."""
    both = f"{one.role} and {other.role} are signed"
    if one.signed.part == other.signed.part:
        told = f"{both} with the same key twice, {one.signed.fingerprint}"
    elif one.signed.fingerprint == other.signed.fingerprint:
        told = f"{both} with two subkeys of one key, {one.signed.fingerprint}"
    elif one.person == other.person and authority.rule.distinct_people:
        told = f"{both} with two keys of one person, {one.person}"
    else:
        return
    raise ApprovalRefused(told, place=place, remedy="another person has to sign for one of the roles")


def refuse_used(request: Request, memories: Sequence[Memory], *, place: str) -> None:
    """Raise ApprovalRefused when any of these remembers that the approval was used."""
    for memory in memories:
        run = memory.used_by(request.nonce)
        if run:
            cause = f"the approval was used by run {run}; it is for one run"
            remedy = "make a new plan, and a new request of it"
            raise ApprovalRefused(cause, place=place, remedy=remedy)


def _signatory(
    content: bytes, signatures: Signatures, authority: Authority, role: str, *, place: str, now: float
) -> Signatory:
    if role not in signatures:
        raise ApprovalRefused(f"the signature for {role} is missing", place=place, remedy=_sign(place, role))
    try:
        signed = verified(content, signatures[role], authority.certificates(authority.people), now=now)
    except BadSignature as error:
        where = signature_file(place, role)
        cause = f"the signature for {role} {error}"
        raise ApprovalRefused(cause, place=where, remedy=_sign(place, role)) from None
    return Signatory(role, authority.person_of(signed.fingerprint), signed)


def _demand_requester(given: SignedRequest, authority: Authority, place: str, now: float) -> None:
    request = given.request
    keys = authority.certificates([request.requester] if request.requester in authority.people else [])
    if request.requester not in authority.requesters or request.requester_key not in keys:
        raise _refused(f"{request.requester} may not request: authority.yml does not say so", place)
    own = {request.requester_key: keys[request.requester_key]}
    try:
        signed = verified(given.signed, given.signature, own, now=now)
    except BadSignature as error:
        raise _refused(f"the signature of the requester {request.requester} {error}", place) from None
    if not moment(request.created) <= signed.made < moment(request.expires):
        raise _refused("the requester signed at another time than the request was made", place)


def _demand_within(each: Signatory, request: Request, place: str) -> None:
    made = each.signed.made
    before = made < moment(request.created)
    if before or made >= moment(request.expires):
        told = (
            f"before the request was made, {request.created}" if before else "after the request had expired"
        )
        cause = f"the signature for {each.role} was made at {written(made)}, {told}"
        raise ApprovalRefused(cause, place=signature_file(place, each.role), remedy=_sign(place, each.role))


def _signer(each: Signatory) -> Signer:
    return Signer(each.signed.fingerprint, each.person, written(each.signed.made))


def _sign(place: str, role: str) -> str:
    return f"cutter approve {place} --role {role} --key FINGERPRINT"


def _refused(cause: str, place: str) -> ApprovalRefused:
    remedy = "make a new request: cutter request FILE.plan --key FINGERPRINT"
    return ApprovalRefused(cause, place=place, remedy=remedy)
