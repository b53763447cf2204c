"""A kept plan to a request that can be approved: what it says, who asks, until when."""

from __future__ import annotations

import os
import time

from cutter.app.planfile import read_plan, refuse_other_environment
from cutter.app.publishing import publish
from cutter.app.request_facts import facts_of
from cutter.app.workspace import Workspace
from cutter.approvals.authority import Authority
from cutter.approvals.requests import Request, SignedRequest, is_request, parse_request
from cutter.approvals.times import written
from cutter.approvals.verdicts import demand_standing, roles_for
from cutter.errors import ApprovalRefused, LedgerError, StalePlan, UsageError
from cutter.gpg.signing import signed
from cutter.model.durations import seconds_of
from cutter.named_tuple import NamedTuple

SUFFIX = ".request"


class Wish(NamedTuple):
    """What is asked for: the plan's file, where the request goes, by which key, and for how long.

    `break_glass` is the reason why one person should approve it alone, where that is wanted.
    """

    plan: str
    out: str
    key: str
    expires: str
    revert_until: str
    break_glass: str = ""


def request(workspace: Workspace, wish: Wish) -> SignedRequest:
    """Write a request and return it. Raises ApprovalRefused for a key that may not request.

    The text is signed by the requester's own gpg, and their signature is checked before anything is written.
    """
    content = _plan_bytes(wish.plan)
    kept = read_plan(wish.plan)
    refuse_other_environment(workspace, kept)
    facts = facts_of(workspace, kept, content, workspace.jobs(kept.paths)[0])
    if not any(target.pending for target in kept.plans[0].targets):
        raise UsageError("this plan changes nothing, so there is nothing to approve")
    authority = workspace.authority()
    now = int(time.time())
    with workspace.open_ledger() as ledger:
        checkpoint = ledger.checkpoint()
    if checkpoint is None:
        raise LedgerError("the ledger has no entries, not even the one it began with", place=ledger.path)
    made = Request(
        facts=facts,
        plan_file=os.path.basename(wish.plan),
        ledger=checkpoint.ledger,
        ledger_seq=checkpoint.seq,
        ledger_hash=checkpoint.hash,
        requester=_requester(authority, wish.key),
        requester_key=wish.key.upper(),
        created=written(now),
        expires=written(now + _seconds(wish.expires, "--expires")),
        revert_until=written(now + _seconds(wish.revert_until, "--revert-until")),
        nonce=os.urandom(16).hex(),
        break_glass=wish.break_glass,
    )
    roles_for(made, authority)
    bytes_signed = made.content()
    given = parse_request(bytes_signed + signed(bytes_signed, wish.key))
    demand_standing(given, authority, place=wish.out, now=time.time())
    publish(wish.out, given.content.decode())
    return given


def request_path(plan: str, out: str) -> str:
    """Return where a request goes, beside its plan. Raises UsageError for elsewhere, or over a file."""
    path = out or os.path.splitext(plan)[0] + SUFFIX
    if os.path.dirname(os.path.abspath(path)) != os.path.dirname(os.path.abspath(plan)):
        raise UsageError("a request stands beside its plan", remedy=f"-o {os.path.dirname(plan) or '.'}/NAME")
    if os.path.lexists(path):
        kind = "a request" if is_request(path) else "something else"
        raise UsageError(f"{path} is {kind} already", remedy="name another file with -o, or move it away")
    return path


def _requester(authority: Authority, key: str) -> str:
    try:
        person = authority.person_of(key.upper())
    except LookupError:
        person = ""
    if person not in authority.requesters:
        cause = f"the key {key} is not of a requester"
        allowed = ", ".join(authority.requesters)
        raise ApprovalRefused(cause, remedy=f"authority.yml lets these request: {allowed}")
    return person


def _seconds(duration: str, word: str) -> int:
    try:
        return seconds_of(duration)
    except ValueError as error:
        raise UsageError(f"{word}: {error}") from None


def _plan_bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise StalePlan(f"the plan cannot be read: {error.strerror}", place=path) from error
