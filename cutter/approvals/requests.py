"""A request to run one plan once: text for a person, the same for a program, and the requester's signature.

The text is made from the line of canonical JSON below it, and made again when the file is read: so it cannot
say something else. Approvers sign all bytes of the file, the requester's signature included.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cutter.approvals.times import moment
from cutter.errors import ApprovalRefused
from cutter.gpg.signatures import BEGIN
from cutter.model.canonical import bytes_digest, canonical
from cutter.named_tuple import NamedTuple

FORMAT = "cutter.request.v1"
TITLE = "Request to run a plan once"
_AGAIN = "make a new request: cutter request FILE.plan --key FINGERPRINT"
_WIDTH = 14
_SIGN = (
    "Whoever signs this file approves exactly this, for one run. `cutter approve FILE --role ROLE --key",
    "FINGERPRINT` checks and signs it; so does gpg --detach-sign, beside it as FILE.ROLE.sig.",
)


class Requested(NamedTuple):
    """A target of the plan: its name, what tells it from every other, and that in words."""

    name: str
    identity: str
    described: str


class Facts(NamedTuple):
    """What a plan says by itself, in the environment it was made for.

    `told` are headings with lines for a person: what would change, how much, what cannot be taken back, what
    stays unknown. The same plan gives the same facts, so whoever has it can compare.
    """

    environment: str
    production: bool
    runbook: str
    runbook_digest: str
    plan_digest: str
    plan_bytes: str
    targets: tuple[Requested, ...]
    told: tuple[tuple[str, tuple[str, ...]], ...]
    authority: str
    matrix: str


class Request(NamedTuple):
    """A request: its facts, which file holds the plan, where the ledger stood, who asks, and until when.

    Moments are text in UTC. `revert_until` ends the time in which the inverse of a cut needs no approval of
    its own; `nonce` makes two requests of one plan two. `break_glass` is the reason of a request that one
    person of the role BREAK_GLASS approves alone; it opens a gap that only others close.
    """

    facts: Facts
    plan_file: str
    ledger: str
    ledger_seq: int
    ledger_hash: str
    requester: str
    requester_key: str
    created: str
    expires: str
    revert_until: str
    nonce: str
    break_glass: str = ""

    @property
    def databases(self) -> tuple[str, ...]:
        """The identities of the targets."""
        return tuple(target.identity for target in self.facts.targets)

    def content(self) -> bytes:
        """Return what the requester signs: the text, and the line it was made from."""
        text = "\n".join(_lines(self))
        return f"{text}\n\n".encode() + canonical(self._body()) + b"\n"

    def _body(self) -> dict[str, Any]:
        facts = self.facts._asdict()
        facts["targets"] = [target._asdict() for target in self.facts.targets]
        return {**self._asdict(), "facts": facts, "format": FORMAT}


class SignedRequest(NamedTuple):
    """A request as a file holds it: what it says, what the requester signed, and their signature."""

    request: Request
    content: bytes
    signed: bytes
    signature: bytes

    @property
    def digest(self) -> str:
        """The digest of all bytes of the file."""
        return bytes_digest(self.content)


def is_request(path: str) -> bool:
    """Tell whether a file holds a request, perhaps an altered one."""
    try:
        with open(path, "rb") as file:
            return file.read(len(TITLE)) == TITLE.encode()
    except OSError:
        return False


def parse_request(content: bytes, place: str = "") -> SignedRequest:
    """Return the request that these bytes are, to the last one. Raises ApprovalRefused for any other."""
    signed, begin, rest = content.partition(BEGIN)
    line = signed[:-1].rpartition(b"\n")[2]
    try:
        request = _request(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        cause = "this is not a request as cutter writes it: it was altered, or is none"
        raise ApprovalRefused(cause, place=place, remedy=_AGAIN) from error
    if not begin or request.content() != signed:
        cause = "the request was altered: its text is not what its last line says"
        raise ApprovalRefused(cause, place=place, remedy=_AGAIN)
    return SignedRequest(request, content, signed, begin + rest)


def _request(body: Mapping[str, Any]) -> Request:
    found = dict(body)
    if found.pop("format") != FORMAT:
        raise ValueError(FORMAT)
    facts = dict(found.pop("facts"))
    targets = tuple(Requested(**target) for target in facts.pop("targets"))
    told = tuple((str(heading), tuple(map(str, lines))) for heading, lines in facts.pop("told"))
    request = Request(facts=Facts(**facts, targets=targets, told=told), **found)
    for text in (request.created, request.expires, request.revert_until):
        moment(text)
    if not isinstance(request.break_glass, str):
        raise TypeError(request.break_glass)
    return request


def _lines(request: Request) -> Iterator[str]:
    facts = request.facts
    yield TITLE
    yield ""
    if request.break_glass:
        yield from _told(
            "BREAK-GLASS", [request.break_glass, "one signature, and a gap that only others close"]
        )
    yield from _told("Runbook", [facts.runbook])
    yield from _told(
        "Environment", [f"{facts.environment}: {'PRODUCTION' if facts.production else 'no production'}"]
    )
    yield from _told("Target", [f"{target.name}: {target.described}" for target in facts.targets])
    for heading, lines in facts.told:
        yield from _told(heading, lines or ("none",))
    yield ""
    yield from _told("Requested by", [f"{request.requester}, key {request.requester_key}"])
    yield from _told("Made", [request.created])
    yield from _told("Expires", [request.expires])
    yield from _told(
        "Revert until", [f"{request.revert_until}: the exact inverse of what is cut needs no other"]
    )
    yield ""
    yield from _told("Plan", [f"{request.plan_file} {facts.plan_digest}"])
    yield from _told("Plan bytes", [facts.plan_bytes])
    yield from _told("Runbook is", [facts.runbook_digest])
    yield from _told("Authority", [facts.authority])
    yield from _told("Gap matrix", [facts.matrix or "none"])
    yield from _told("Ledger", [f"{request.ledger} at entry {request.ledger_seq}, {request.ledger_hash}"])
    yield from _told("Nonce", [request.nonce])
    yield ""
    yield from _SIGN


def _told(heading: str, lines: Any) -> Iterator[str]:
    for index, line in enumerate(lines):
        begin = f"{heading}:" if index == 0 else ""
        yield f"{begin:<{_WIDTH}}{line}"
