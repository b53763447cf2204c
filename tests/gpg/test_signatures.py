"""A detached signature counts, or the refusal says in its own words why not."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signers import PINNED, People, people

from cutter.gpg.homes import companions
from cutter.gpg.signatures import BadSignature, armored, read_signature
from cutter.gpg.signing import signed
from cutter.gpg.verifying import verified

__all__ = ["people"]
CONTENT = b"first line\nsecond line\n"
Making = Callable[[People], bytes]


@pytest.fixture(scope="module")
def pinned(people: People) -> dict[str, bytes]:
    return {people.fingerprints[name]: people.certificate(name) for name in PINNED}


@pytest.mark.parametrize("words", ["", "--armor", "--digest-algo SHA512", "--digest-algo SHA384"])
def test_what_plain_gpg_makes_counts(people: People, pinned: dict[str, bytes], words: str) -> None:
    found = verified(CONTENT, people.sign(CONTENT, "bob", *words.split()), pinned)
    assert found.fingerprint == found.part == people.fingerprints["bob"]
    assert abs(found.made - time.time()) < 3600


def test_a_subkey_counts_as_its_key(people: People, pinned: dict[str, bytes]) -> None:
    found = verified(CONTENT, people.sign(CONTENT, f"{people.subkey}!"), pinned)
    assert (found.fingerprint, found.part) == (people.fingerprints["alice"], people.subkey)


def test_our_own_signature_counts(
    people: People, pinned: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNUPGHOME", people.home)
    assert verified(CONTENT, signed(CONTENT, people.fingerprints["bob"]), pinned).made


def test_rsa_counts(people: People) -> None:
    said = people.gpg(
        "--status-fd", "1", "--quick-generate-key", "rsa <r@example.invalid>", "rsa2048", "sign"
    )
    key = next(line.split()[-1] for line in said.decode().splitlines() if " KEY_CREATED " in line)
    certificates = {key: people.gpg("--armor", "--export", key)}
    for words in ((), ("--armor",)):
        assert verified(CONTENT, people.sign(CONTENT, key, *words), certificates).fingerprint == key


REFUSED: dict[str, tuple[Making, str]] = {
    "other bytes": (lambda p: p.sign(b"others", "bob"), "is not over these bytes"),
    "not pinned": (lambda p: p.sign(CONTENT, "mallory"), "which is not pinned here"),
    "expired key": (
        lambda p: p.sign(CONTENT, "expired", faked="20200601T000000"),
        "by a key that is expired",
    ),
    "key not yet valid": (
        lambda p: p.sign(CONTENT, "tomorrow", faked="20400601T000000"),
        "by a key that is not valid before 2040",
    ),
    "revoked key": (lambda p: p.sign_revoked(CONTENT), "by a key that is revoked"),
    "in the future": (
        lambda p: p.sign(CONTENT, "bob", faked="20350101T000000"),
        "was made in the future: 2035",
    ),
    "expired signature": (
        lambda p: p.sign(CONTENT, "bob", "--default-sig-expire", "1d", faked="20261001T000000"),
        "has expired at 2026-10-02",
    ),
    "clearsigned": (
        lambda p: p.gpg("-u", p.fingerprints["bob"], "--clearsign", stdin=CONTENT),
        "clearsigned",
    ),
    "inline": (lambda p: p.gpg("-u", p.fingerprints["bob"], "--sign", stdin=CONTENT), "signed message"),
    "inline, not compressed": (
        lambda p: p.gpg("-u", p.fingerprints["bob"], "-z0", "--sign", stdin=CONTENT),
        "signed message",
    ),
    "inline, armored": (
        lambda p: p.gpg("-u", p.fingerprints["bob"], "--armor", "--sign", stdin=CONTENT),
        "signed message",
    ),
    "text mode": (lambda p: p.sign(CONTENT, "bob", "--textmode"), "was made in text mode"),
    "SHA-1": (lambda p: p.sign(CONTENT, "bob", "--digest-algo", "SHA1"), "uses SHA-1"),
    "SHA-224": (lambda p: p.sign(CONTENT, "bob", "--digest-algo", "SHA224"), "uses SHA-224"),
    "two by -u": (
        lambda p: p.sign(CONTENT, "bob", "-u", p.fingerprints["alice"]),
        "holds several signatures",
    ),
    "two armored by -u": (
        lambda p: p.sign(CONTENT, "bob", "-u", p.fingerprints["alice"], "--armor"),
        "holds several signatures",
    ),
    "two joined": (lambda p: p.sign(CONTENT, "bob") * 2, "holds several signatures"),
    "two armors": (lambda p: p.sign(CONTENT, "bob", "--armor") * 2, "holds several signatures"),
    "with a comment": (lambda p: p.sign(CONTENT, "bob", "--armor", "--comment", "x"), "not as gpg --armor"),
    "CRLF": (lambda p: p.sign(CONTENT, "bob", "--armor").replace(b"\n", b"\r\n"), "not as gpg --armor"),
    "followed": (lambda p: p.sign(CONTENT, "bob") + b"\n", "followed by something else"),
    "cut off": (lambda p: p.sign(CONTENT, "bob")[:-1], "is cut off"),
    "empty": (lambda _: b"", "is no OpenPGP signature"),
    "text": (lambda _: b"approved", "is no OpenPGP signature"),
    "a certificate": (lambda p: p.gpg("--export", p.fingerprints["bob"]), "another OpenPGP packet"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_count_says_why(case: str, people: People, pinned: dict[str, bytes]) -> None:
    made, told = REFUSED[case]
    with pytest.raises(BadSignature, match=told):
        verified(CONTENT, made(people), pinned)


def test_no_agent_and_no_home_stay(
    people: People, pinned: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    signature, homes, make = people.sign(CONTENT, "bob"), list[str](), tempfile.mkdtemp

    def noted(**named: str) -> str:
        homes.append(make(**named))
        return homes[-1]

    monkeypatch.setattr("cutter.gpg.verifying.tempfile.mkdtemp", noted)
    verified(CONTENT, signature, pinned)
    assert len(homes) == 1
    assert [home for home in homes if Path(home).exists() or companions(home)] == []


@pytest.mark.parametrize("armor", [False, True])
def test_every_signature_of_gpg_is_in_its_one_form(people: People, *, armor: bool) -> None:
    for number in range(12):
        content = str(number).encode()
        made = people.sign(content, "bob", *(["--armor"] if armor else []))
        read = read_signature(made)
        read.demand_over(content)
        assert made in (read.packet, armored(read.packet))


@settings(max_examples=120)
@given(at=st.integers(0, 2**16), byte=st.integers(1, 255), armor=st.booleans(), over=st.booleans())
def test_no_byte_of_signature_or_content_can_be_another(
    people: People, pinned: dict[str, bytes], *, at: int, byte: int, armor: bool, over: bool
) -> None:
    signature = SIGNATURES.setdefault(armor, people.sign(CONTENT, "bob", *(["--armor"] if armor else [])))
    parts = [bytearray(CONTENT), bytearray(signature)]
    changed = parts[0 if over else 1]
    changed[at % len(changed)] ^= byte
    with pytest.raises(BadSignature):
        verified(bytes(parts[0]), bytes(parts[1]), pinned)


SIGNATURES: dict[bool, bytes] = {}


def test_every_single_bit_of_a_signature_counts(people: People, pinned: dict[str, bytes]) -> None:
    packet = people.sign(CONTENT, "bob")
    accepted = []
    for bit in range(len(packet) * 8):
        changed = bytearray(packet)
        changed[bit // 8] ^= 1 << bit % 8
        if _reaches_gpg(bytes(changed)):
            try:
                verified(CONTENT, bytes(changed), pinned)
                accepted.append(bit)
            except BadSignature:
                continue
    assert accepted == []


def _reaches_gpg(signature: bytes) -> bool:
    """Tell whether our own reading finds nothing; gpg is asked only about a few of the rest."""
    try:
        read_signature(signature).demand_over(CONTENT)
    except BadSignature:
        return False
    return True
