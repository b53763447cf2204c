"""Frames: how a controller and the agent on a target talk over one pair of pipes. Travels.

A frame is four bytes of length, one byte of kind, and the payload: JSON, or the bytes that a digest names.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, Optional

from cutter.named_tuple import NamedTuple

MESSAGE, BLOB = 0, 1
LARGEST = 1 << 30
_HEAD = struct.Struct(">IB")
_END_OF_NAME = b"\0"

Read = Callable[[int], bytes]
"""Returns exactly that many bytes, or fewer where the stream ends."""
Message = Mapping[str, Any]


class Broken(Exception):
    """The stream ended inside a frame, or what came is no frame."""


class Frame(NamedTuple):
    """A message, or, where `digest` is set, the bytes it names."""

    message: Message
    digest: str = ""
    content: bytes = b""


def packed(message: Message) -> bytes:
    """Return the frame of a message."""
    payload = json.dumps(message, separators=(",", ":")).encode("ascii")
    return _HEAD.pack(len(payload), MESSAGE) + payload


def packed_bytes(digest: str, content: bytes) -> bytes:
    """Return the frame of bytes under their digest."""
    name = digest.encode("ascii") + _END_OF_NAME
    return _HEAD.pack(len(name) + len(content), BLOB) + name + content


def message(payload: bytes) -> Message:
    """Return the message in the payload of a frame. Raises Broken."""
    try:
        found = json.loads(payload)
    except ValueError as error:
        raise Broken("what came is no message") from error
    if not isinstance(found, dict):
        raise Broken("what came is no message")
    return found


def read_frame(read: Read, told: Callable[[bytes], Message] = message) -> Optional[Frame]:
    """Return the next frame, None where the stream ends between two; `told` reads messages. Raises Broken."""
    head = read(_HEAD.size)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise Broken("the stream ended inside a frame")
    length, kind = _HEAD.unpack(head)
    if length > LARGEST or kind not in (MESSAGE, BLOB):
        raise Broken("what came is no frame")
    payload = read(length)
    if len(payload) < length:
        raise Broken("the stream ended inside a frame")
    return _blob(payload) if kind == BLOB else Frame(told(payload))


def _blob(payload: bytes) -> Frame:
    name, found, content = payload.partition(_END_OF_NAME)
    if not found:
        raise Broken("bytes came without their digest")
    return Frame({}, name.decode("ascii", "replace"), content)
