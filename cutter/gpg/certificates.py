"""A public key in a file that came from elsewhere: read by its packets alone, without gpg or a home."""

from __future__ import annotations

import binascii
import hashlib
import os
import re

from cutter.gpg.packets import Malformed, packets

_PUBLIC, _SUBKEY = 6, 14
_SECRET = (5, 7)
_OF_A_KEY = (_PUBLIC, _SUBKEY, 2, 12, 13, 17)
"""Tags of what belongs to a public key: subkeys, signatures, trust, user ids and attributes."""
_VERSION = 4
_BLOCK = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\n(?:[^\n]+:[^\n]*\n)*[ \t]*\n"
    rb"([A-Za-z0-9+/=\s]+?)\n(?:=[A-Za-z0-9+/]{4}[ \t]*\n)?-----END PGP PUBLIC KEY BLOCK-----"
)


def unarmored(content: bytes) -> bytes:
    """Return the packets of a key that may be armored. Raises Malformed, also for several blocks."""
    if not content.lstrip().startswith(b"-----"):
        return content
    text = content.replace(b"\r\n", b"\n")
    found = _BLOCK.search(text)
    if found is None:
        raise Malformed("holds no public key")
    if text.count(b"-----BEGIN") > 1:
        raise Malformed("holds more than one block: one key alone is wanted")
    try:
        return binascii.a2b_base64(found.group(1))
    except binascii.Error as error:
        raise Malformed("is armored, and damaged") from error


def fingerprint_of(content: bytes) -> str:
    """Return the fingerprint, 40 upper-case hexadecimal digits, of the one key that the packets are.

    Raises Malformed for what is no public key, for a second primary key, and for anything that is not part
    of a public key, a secret one above all.
    """
    found: list[str] = []
    with os.fdopen(os.memfd_create("key", os.MFD_CLOEXEC), "w+b") as file:
        file.write(content)
        file.flush()
        for packet in packets(file):
            if packet.tag in _SECRET:
                raise Malformed("holds a secret key; export the public one: gpg --export FINGERPRINT")
            if packet.tag not in _OF_A_KEY or (not found and packet.tag != _PUBLIC):
                raise Malformed("is no public key")
            if packet.tag == _PUBLIC:
                end = file.tell()
                file.seek(end - packet.length)
                found.append(_fingerprint(file.read(packet.length)))
    if len(found) != 1:
        raise Malformed(f"holds {len(found)} primary keys ({', '.join(found)}): one alone is wanted")
    return found[0]


def _fingerprint(body: bytes) -> str:
    if body[:1] != bytes([_VERSION]):
        raise Malformed(f"holds a key of a version other than {_VERSION}, which has no such fingerprint")
    head = b"\x99" + len(body).to_bytes(2, "big")
    return hashlib.sha1(head + body).hexdigest().upper()  # noqa: S324 - it is what a fingerprint is
