"""Which signatures approve a request: every other kind is refused in its own words, with real keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from signers import People

from cutter.approvals.authority import Authority
from cutter.approvals.requests import Facts, Request, Requested, SignedRequest, parse_request
from cutter.approvals.times import written
from cutter.approvals.verdicts import judge_request, refuse_used
from cutter.errors import ApprovalRefused
from cutter.language.authority import load_authority

DAY = 86_400
Signing = Callable[[People, bytes], bytes]
FACTS = Facts(
    environment="live",
    production=True,
    runbook="first: A first run",
    runbook_digest="v1:" + "1" * 64,
    plan_digest="v1:" + "2" * 64,
    plan_bytes="sha256:" + "3" * 64,
    targets=(Requested("governed", "postgresql:7:5:cutter", "a database, PRODUCTION"),),
    told=(("Units", ("+60 units",)), ("Unknown", ())),
    authority="",
    matrix="sha256:" + "4" * 64,
)


@pytest.fixture(scope="module")
def authority(people: People, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    inventory: Path = tmp_path_factory.mktemp("inventory")
    people.authority(inventory)
    return load_authority(str(inventory))


def asked(
    people: People, authority: Authority, *, by: str = "dave", database: str = "", **changes: Any
) -> SignedRequest:
    """Return a request under an authority, with some fields otherwise, signed by the key `by`."""
    now = int(time.time())
    targets = (Requested("governed", database, "a database"),) if database else FACTS.targets
    fields = {
        "facts": FACTS._replace(authority=authority.digest, targets=targets),
        "plan_file": "first.plan",
        "ledger": "f" * 32,
        "ledger_seq": 7,
        "ledger_hash": "v1:" + "5" * 64,
        "requester": "dave",
        "requester_key": people.fingerprints["dave"],
        "created": written(now),
        "expires": written(now + DAY),
        "revert_until": written(now + 30 * DAY),
        "nonce": "6" * 32,
    }
    content = Request(**{**fields, **changes}).content()
    return parse_request(content + people.sign(content, by, "--armor"))


def judged(
    given: SignedRequest, signatures: Mapping[str, bytes], authority: Authority, now: float = 0
) -> Any:
    return judge_request(given, signatures, authority, place="a.request", now=now or time.time())


def by(name: str, *words: str, faked: str = "") -> Signing:
    return lambda people, content: people.sign(content, name, *words, faked=faked)


def both(people: People, given: SignedRequest, one: Signing, other: Signing) -> dict[str, bytes]:
    return {"SG_1": one(people, given.content), "SG_2": other(people, given.content)}


@pytest.mark.parametrize("words", [(), ("--armor",)], ids=["binary", "armored"])
def test_both_roles_by_two_people_approve(
    people: People, authority: Authority, words: tuple[str, ...]
) -> None:
    given = asked(people, authority)
    accepted = judged(given, both(people, given, by("alice", *words), by("bob", *words)), authority)
    assert accepted.digest == given.digest
    assert accepted.plan_digest == FACTS.plan_digest
    assert accepted.databases == ("postgresql:7:5:cutter",)
    assert accepted.runs == 1
    assert accepted.authority == authority.digest
    assert accepted.signers["SG_1"][:2] == (people.fingerprints["alice"], "alice")
    assert accepted.roles == "SG_1 SG_2"
    assert given.request.created <= accepted.signers["SG_2"].signed_at < given.request.expires


REFUSED: dict[str, tuple[Signing, Signing, str]] = {
    "by nobody of the role": (by("carol"), by("bob"), "for SG_1 is by carol, who is not of that role"),
    "not pinned": (by("alice"), by("mallory"), "for SG_2 was made by the key .* not pinned"),
    "expired key": (by("expired", faked="20200601T000000"), by("bob"), "for SG_1 .* key that is expired"),
    "revoked key": (lambda p, c: p.sign_revoked(c), by("bob"), "for SG_1 .* key that is revoked"),
    "key not yet valid": (by("tomorrow", faked="20400601T000000"), by("bob"), "not valid before 2040"),
    "expired signature": (
        by("alice"),
        by("bob", "--default-sig-expire", "1d", faked="20260101T000000"),
        "for SG_2 has expired at 2026-01-02",
    ),
    "clearsigned": (
        by("alice"),
        lambda p, c: p.gpg("-u", p.fingerprints["bob"], "--clearsign", stdin=c),
        "for SG_2 is a clearsigned text",
    ),
    "signed message": (
        by("alice"),
        lambda p, c: p.gpg("-u", p.fingerprints["bob"], "--sign", stdin=c),
        "for SG_2 is a signed message",
    ),
    "text mode": (by("alice"), by("bob", "--textmode"), "for SG_2 was made in text mode"),
    "several": (by("alice"), by("bob", "-u", "alice"), "for SG_2 holds several signatures"),
    "several armored": (by("alice"), by("bob", "-u", "alice", "--armor"), "holds several signatures"),
    "SHA-1": (by("alice"), by("bob", "--digest-algo", "SHA1"), "for SG_2 uses SHA-1"),
    "in the future": (by("alice"), by("bob", faked="20350101T000000"), "was made in the future: 2035"),
    "before the request": (
        by("alice"),
        by("bob", faked="20260101T000000"),
        "for SG_2 was made at 2026-01-01T00:00:00Z, before the request was made",
    ),
    "over other bytes": (by("alice"), lambda p, c: p.sign(c[:-1], "bob"), "for SG_2 is not over these bytes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_signature_that_does_not_count_is_refused(case: str, people: People, authority: Authority) -> None:
    one, other, told = REFUSED[case]
    given = asked(people, authority)
    with pytest.raises(ApprovalRefused, match=told) as caught:
        judged(given, both(people, given, one, other), authority)
    assert caught.value.exit_code == 15
    assert "cutter approve a.request --role SG_" in caught.value.remedy


@pytest.mark.parametrize("role", ["SG_1", "SG_2"])
def test_a_missing_signature_is_named(role: str, people: People, authority: Authority) -> None:
    given = asked(people, authority)
    signatures = both(people, given, by("alice"), by("bob"))
    del signatures[role]
    with pytest.raises(ApprovalRefused, match=f"the signature for {role} is missing"):
        judged(given, signatures, authority)


ALONE: dict[str, tuple[tuple[str, ...], str, str, str]] = {
    "the same key": (("alice",), "alice", "alice", "with the same key twice"),
    "two subkeys": (("alice",), "alice!", "subkey!", "with two subkeys of one key"),
    "two keys of one person": (("bob",), "bob", "bob2", "with two keys of one person, bob"),
}


@pytest.mark.parametrize("case", ALONE)
def test_one_person_is_not_two(case: str, people: People, authority: Authority) -> None:
    names, one, other, told = ALONE[case]
    alone = authority._replace(roles={"SG_1": names, "SG_2": names})
    given = asked(people, alone)
    keys = {
        **people.fingerprints,
        "alice!": people.fingerprints["alice"] + "!",
        "subkey!": people.subkey + "!",
    }
    with pytest.raises(ApprovalRefused, match=told):
        judged(given, both(people, given, by(keys[one]), by(keys[other])), alone)


def test_the_policy_may_allow_two_keys_of_one_person_but_never_one_key(
    people: People, authority: Authority
) -> None:
    rule = authority.rule._replace(distinct_people=False)
    alone = authority._replace(roles={"SG_1": ("bob",), "SG_2": ("bob",)}, rule=rule)
    given = asked(people, alone)
    assert judged(given, both(people, given, by("bob"), by("bob2")), alone).signers["SG_2"].person == "bob"
    with pytest.raises(ApprovalRefused, match="the same key twice"):
        judged(given, both(people, given, by("bob"), by("bob")), alone)


def test_who_requests_does_not_approve_unless_the_policy_says_so(
    people: People, authority: Authority
) -> None:
    own = authority._replace(roles={"SG_1": ("alice",), "SG_2": ("dave",)})
    given = asked(people, own)
    with pytest.raises(ApprovalRefused, match="dave requests this and signed for SG_2 too"):
        judged(given, both(people, given, by("alice"), by("dave")), own)
    lax = own._replace(rule=own.rule._replace(requester_may_approve=True))
    given = asked(people, lax)
    assert judged(given, both(people, given, by("alice"), by("dave")), lax).signers["SG_2"].person == "dave"


def test_a_signature_for_another_database_is_refused(people: People, authority: Authority) -> None:
    other = asked(people, authority, database="postgresql:8:5:cutter")
    given = asked(people, authority)
    with pytest.raises(ApprovalRefused, match=r"for SG_1 is not over these bytes: .* made for others"):
        judged(given, both(people, other, by("alice"), by("bob")), authority)


def test_a_request_is_good_for_its_time_alone(people: People, authority: Authority) -> None:
    given = asked(people, authority)
    signatures = both(people, given, by("alice"), by("bob"))
    with pytest.raises(ApprovalRefused, match="the request expired at"):
        judged(given, signatures, authority, time.time() + DAY)
    with pytest.raises(ApprovalRefused, match="in the future"):
        judged(given, signatures, authority, time.time() - DAY)
    long = asked(people, authority, expires=written(time.time() + 8 * DAY))
    with pytest.raises(ApprovalRefused, match="lasts longer than"):
        judged(long, signatures, authority)


def test_a_request_is_of_its_authority_alone(people: People, authority: Authority) -> None:
    given = asked(people, authority)
    changed = authority._replace(roles={**authority.roles, "SG_2": ("bob", "carol")})
    with pytest.raises(ApprovalRefused, match=r"authority\.yml, or a certificate in it, changed"):
        judged(given, both(people, given, by("alice"), by("bob")), changed)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"by": "mallory"}, "signature of the requester dave was made by the key .* not pinned"),
        ({"by": "bob"}, "signature of the requester dave was made by the key .* not pinned"),
        ({"requester": "alice"}, "alice may not request"),
        ({"requester": "nobody"}, "nobody may not request"),
        ({"requester_key": "A" * 40}, "dave may not request"),
        ({"created": "2026-01-01T00:00:00Z", "expires": "2036-01-01T00:00:00Z"}, "lasts longer"),
    ],
)
def test_who_may_not_request_did_not(
    changes: dict[str, str], told: str, people: People, authority: Authority
) -> None:
    given = asked(people, authority, **changes)
    with pytest.raises(ApprovalRefused, match=told):
        judged(given, both(people, given, by("alice"), by("bob")), authority)


class Remembering:
    """A memory as a database has it: the nonces that were used, and by which run."""

    def __init__(self, used: dict[str, str]) -> None:
        self.used = used

    def used_by(self, nonce: str) -> str:
        return self.used.get(nonce, "")


def test_what_any_memory_has_is_used(people: People, authority: Authority) -> None:
    request = asked(people, authority).request
    refuse_used(request, [Remembering({}), Remembering({"7" * 32: "run-1"})], place="a.request")
    with pytest.raises(ApprovalRefused, match="the approval was used by run run-2"):
        refuse_used(request, [Remembering({}), Remembering({request.nonce: "run-2"})], place="a.request")


@pytest.mark.parametrize("where", ["text", "line", "signature", "both", "ends", "more"])
def test_an_altered_request_is_none(where: str, people: People, authority: Authority) -> None:
    content = asked(people, authority).content
    altered = {
        "text": content.replace(b"+60 units", b"+61 units", 1),
        "line": content.replace(b'"+60 units"', b'"+61 units"'),
        "both": content.replace(b"+60 units", b"+61 units"),
        "signature": content.replace(
            b"-----BEGIN PGP SIGNATURE-----\n\n", b"-----BEGIN PGP SIGNATURE-----\n\nA"
        ),
        "ends": content.replace(b"\n", b"\r\n"),
        "more": content + b"\n",
    }[where]
    assert altered != content
    with pytest.raises(ApprovalRefused) as caught:
        judged(parse_request(altered), {}, authority)
    assert "missing" not in caught.value.cause
