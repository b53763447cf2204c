"""One detached signature as a file holds it, read strictly, before gpg is asked anything.

Accepted is what `gpg --detach-sign` writes, armored or not, and nothing else: so no byte of the file can be
another without being noticed, also where OpenPGP would not mind.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Optional

from cutter.named_tuple import NamedTuple

BEGIN = b"-----BEGIN PGP SIGNATURE-----\n"
END = b"-----END PGP SIGNATURE-----\n"
_LINE = 64
_CRC_START, _CRC_POLYNOMIAL = 0xB704CE, 0x1864CFB
_SIGNATURE_TAG = 2
_MESSAGE_TAGS = (3, 4, 8, 9, 11, 18)
_OF_BYTES, _OF_TEXT = 0, 1
_HASHES = {8: "sha256", 9: "sha384", 10: "sha512"}
_WEAK_HASHES = {1: "MD5", 2: "SHA-1", 3: "RIPEMD-160", 11: "SHA-224"}
_NUMBERS = {1: 1, 3: 1, 17: 2, 19: 2, 22: 2}
"""How many numbers a signature of each public key algorithm has: RSA, DSA, ECDSA, EdDSA."""
_CREATED, _EXPIRES, _ISSUER = 2, 3, 33
_FINGERPRINT_V4 = 21
_NEW_FORMAT, _PACKET = 0x40, 0x80


class BadSignature(ValueError):
    """A signature does not count; the text says why, as the end of a sentence that begins with its name."""


class Signature(NamedTuple):
    """What a signature says of itself. Times are Unix seconds, and `expires` None is never.

    `issuer` is the full fingerprint of the key or subkey that made it; `packet` are its bytes, unarmored;
    `covered` is the part of it that the signature covers, and `start` the first bytes of the digest.
    """

    issuer: str
    made: int
    expires: Optional[int]
    hash_name: str
    packet: bytes
    covered: bytes
    start: bytes

    def demand_over(self, content: bytes) -> None:
        """Raise BadSignature where the digest it names is not that of these bytes."""
        hashed = hashlib.new(self.hash_name, content)
        hashed.update(self.covered)
        hashed.update(b"\x04\xff" + len(self.covered).to_bytes(4, "big"))
        if hashed.digest()[:2] != self.start:
            raise BadSignature("is not over these bytes: they were changed, or it was made for others")


def read_signature(content: bytes) -> Signature:
    """Return the one detached signature in the bytes of a file. Raises BadSignature."""
    packet = _unarmored(content) if content.lstrip().startswith(b"-----BEGIN") else content
    body = _only_body(packet)
    try:
        return _parsed(packet, body)
    except IndexError:
        raise BadSignature("is cut off") from None


def armored(packet: bytes, *, crc: bool = True) -> bytes:
    """Return a signature as `gpg --armor` writes it."""
    text = b64encode(packet)
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    if crc:
        lines.append(b"=" + b64encode(_crc(packet).to_bytes(3, "big")))
    return BEGIN + b"\n" + b"".join(line + b"\n" for line in lines) + END


def _unarmored(content: bytes) -> bytes:
    if content.startswith(b"-----BEGIN PGP SIGNED MESSAGE-----"):
        raise BadSignature("is a clearsigned text; a detached signature is needed: gpg --detach-sign")
    if content.startswith(b"-----BEGIN PGP MESSAGE-----"):
        raise BadSignature("is a signed message; a detached signature is needed: gpg --detach-sign")
    if content.count(b"-----BEGIN") > 1:
        raise BadSignature("holds several signatures; there has to be exactly one in a file")
    inner = content.removeprefix(BEGIN + b"\n").removesuffix(END) if content.startswith(BEGIN) else b""
    lines = [line for line in inner.split(b"\n") if not line.startswith(b"=")]
    try:
        packet = b64decode(b"".join(lines), validate=True)
    except ValueError:
        packet = b""
    if not packet or content not in (armored(packet), armored(packet, crc=False)):
        raise BadSignature("is not as gpg --armor writes it; comments or altered lines make it another file")
    return packet


def _only_body(packet: bytes) -> bytes:
    """Return the body of the one packet there is."""
    if not packet or not packet[0] & _PACKET:
        raise BadSignature("is no OpenPGP signature")
    if _tag(packet) in _MESSAGE_TAGS:
        raise BadSignature("is a signed message; a detached signature is needed: gpg --detach-sign")
    if _tag(packet) != _SIGNATURE_TAG:
        raise BadSignature("is no signature but another OpenPGP packet")
    width = {0x88: 1, 0x89: 2}.get(packet[0])
    if width is None:
        raise BadSignature("is not in the form in which gpg writes a signature")
    length = int.from_bytes(packet[1 : 1 + width], "big")
    if width > 1 and length < 256:  # noqa: PLR2004 - it would have fitted into one byte
        raise BadSignature("is not in the form in which gpg writes a signature")
    end = 1 + width + length
    if len(packet) < end:
        raise BadSignature("is cut off")
    if len(packet) > end:
        several = packet[end] & _PACKET and _tag(packet[end:]) == _SIGNATURE_TAG
        told = "holds several signatures; there has to be exactly one in a file"
        raise BadSignature(told if several else "is followed by something else in its file")
    return packet[1 + width : end]


def _tag(packet: bytes) -> int:
    return packet[0] & 0x3F if packet[0] & _NEW_FORMAT else (packet[0] & 0x3C) >> 2


def _parsed(packet: bytes, body: bytes) -> Signature:
    version, kind, algorithm, hashing = body[0], body[1], body[2], body[3]
    if version != 4:  # noqa: PLR2004 - the version of every fingerprint of 40 digits
        raise BadSignature(f"is of version {version}, and only version 4 is known")
    if kind == _OF_TEXT:
        raise BadSignature("was made in text mode, which does not cover line ends: sign without --textmode")
    if kind != _OF_BYTES:
        raise BadSignature(f"is of class {kind:#04x}, and not over a file")
    if hashing not in _HASHES:
        weak = _WEAK_HASHES.get(hashing, f"hash algorithm {hashing}")
        raise BadSignature(f"uses {weak}; SHA-256 or better is needed")
    covered = body[: 6 + _number(body, 4)]
    said = _said(covered[6:])
    rest = body[len(covered) :]
    unhashed, rest = rest[2 : 2 + _number(rest, 0)], rest[2 + _number(rest, 0) :]
    if unhashed not in (b"", b"\x09\x10" + bytes.fromhex(said.issuer)[-8:]):
        raise BadSignature("says more than it signs: sign again with plain gpg --detach-sign")
    _demand_numbers(rest[2:], algorithm)
    return Signature(said.issuer, said.made, said.expires, _HASHES[hashing], packet, covered, bytes(rest[:2]))


class _Said(NamedTuple):
    issuer: str
    made: int
    expires: Optional[int]


def _said(area: bytes) -> _Said:
    """Return what the signed part of a signature says of it."""
    found: dict[int, bytes] = {}
    for kind, value in _subpackets(area):
        if kind in found and kind in (_CREATED, _EXPIRES, _ISSUER):
            raise BadSignature("contradicts itself")
        found[kind] = value
    issuer = found.get(_ISSUER, b"")
    if len(issuer) != _FINGERPRINT_V4 or len(found.get(_CREATED, b"")) != 4:  # noqa: PLR2004 - bytes of a time
        raise BadSignature("does not name the key that made it, or when; sign with gpg 2.2 or later")
    made = int.from_bytes(found[_CREATED], "big")
    lasts = int.from_bytes(found.get(_EXPIRES, b""), "big")
    return _Said(issuer[1:].hex().upper(), made, made + lasts if lasts else None)


def _subpackets(area: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(area):
        first = area[at]
        if first < 192:  # noqa: PLR2004 - RFC 4880, 5.2.3.1
            length, at = first, at + 1
        elif first < 255:  # noqa: PLR2004 - as above
            length, at = ((first - 192) << 8) + area[at + 1] + 192, at + 2
        else:
            length, at = int.from_bytes(area[at + 1 : at + 5], "big"), at + 5
        yield area[at] & 0x7F, area[at + 1 : at + length]
        at += length


def _demand_numbers(content: bytes, algorithm: int) -> None:
    """Raise BadSignature for numbers that are not as many, or not as short, as they have to be."""
    if algorithm not in _NUMBERS:
        raise BadSignature(f"uses the public key algorithm {algorithm}, which is not known here")
    for _ in range(_NUMBERS[algorithm]):
        bits = _number(content, 0)
        end = 2 + (bits + 7) // 8
        if int.from_bytes(content[2:end], "big").bit_length() != bits:
            raise BadSignature("is not in the form in which gpg writes a signature")
        content = content[end:]
    if content:
        raise BadSignature("is not in the form in which gpg writes a signature")


def _number(content: bytes, at: int) -> int:
    return content[at] << 8 | content[at + 1]


def _crc(content: bytes) -> int:
    """Return the checksum that ends an armor (RFC 4880, 6.1)."""
    crc = _CRC_START
    for byte in content:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= _CRC_POLYNOMIAL
    return crc
