"""The packets that an OpenPGP file is made of, read by their headers; nothing is decrypted, no key is needed.

What is inside a packet is skipped over, so that a file of any size is read in little memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from cutter.named_tuple import NamedTuple

SESSION_KEY = 1
SECRET_KEY = 5
PLAIN = (8, 9, 11)
SEALED = 18
AUTHENTICATED = 20
_KEPT = 16
_LENGTHS = {0: 1, 1: 2, 2: 4}
_TWO_BYTES, _PART, _FIVE_BYTES = 192, 224, 255
"""First bytes from which on a new-format length is longer, or is that of a part (RFC 4880, 4.2.2)."""


class Malformed(ValueError):
    """The bytes are no sequence of OpenPGP packets; the text says why, as the end of a sentence."""


class Packet(NamedTuple):
    """One packet: its tag, the first bytes of its body, and how long the body is."""

    tag: int
    head: bytes
    length: int


def packets(file: BinaryIO) -> Iterator[Packet]:
    """Yield the packets of a file that can be sought in, from its beginning to its end.

    Raises Malformed for what is no packet, and for a file that ends inside one.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    first = file.read(5)
    if first == b"PGDMP":
        raise Malformed("is a PostgreSQL archive in the clear")
    if first == b"-----":
        raise Malformed("is armored, and not what gpg writes for a program")
    file.seek(0)
    while file.tell() < size:
        yield _packet(file, size)


def _packet(file: BinaryIO, size: int) -> Packet:
    first = _read(file, 1)[0]
    if not first & 0x80:
        raise Malformed("is no OpenPGP message")
    if first & 0x40:
        return _of_parts(first & 0x3F, file, size)
    tag, width = (first & 0x3C) >> 2, _LENGTHS.get(first & 3)
    if width is None and tag not in PLAIN:
        raise Malformed("has a packet without a length, whose end nobody can check")
    length = size - file.tell() if width is None else int.from_bytes(_read(file, width), "big")
    return Packet(tag, _skipped(file, length, size), length)


def _of_parts(tag: int, file: BinaryIO, size: int) -> Packet:
    """Read a packet in the new format, whose body may come in parts."""
    whole, head, going_on = 0, b"", True
    while going_on:
        length, going_on = _new_length(file)
        found = _skipped(file, length, size)
        head, whole = head or found, whole + length
    return Packet(tag, head, whole)


def _new_length(file: BinaryIO) -> tuple[int, bool]:
    """Return the length of a body, or of a part of it, and whether another part follows."""
    first = _read(file, 1)[0]
    if first < _TWO_BYTES:
        return first, False
    if first < _PART:
        return ((first - _TWO_BYTES) << 8) + _read(file, 1)[0] + _TWO_BYTES, False
    if first < _FIVE_BYTES:
        return 1 << (first & 0x1F), True
    return int.from_bytes(_read(file, 4), "big"), False


def _skipped(file: BinaryIO, length: int, size: int) -> bytes:
    end = file.tell() + length
    if end > size:
        raise Malformed("is cut off: its last packet is not whole")
    head = file.read(min(length, _KEPT))
    file.seek(end)
    return head


def _read(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise Malformed("is cut off: its last packet is not whole")
    return found
