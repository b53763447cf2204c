"""Values to canonical bytes to digests.

Canonical form v1 is JSON with sorted keys, no spaces and ASCII escapes. Allowed are null, booleans, integers,
strings, sequences and mappings with string keys; floats are refused because they have more than one spelling,
and so are high surrogates, whose escapes could spell another string. Two different values therefore never
share one canonical form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

from cutter.model.sha256 import sha256_hex

VERSION = "v1"
_CONSTANTS = {None: "null", True: "true", False: "false"}
_HIGH_SURROGATE = re.compile("[\ud800-\udbff]")


class Canonical(str):
    """The canonical text of a value; inside another value it stands for that one."""

    __slots__ = ()


class Texts:
    """Canonical texts of values that nobody alters, each taken once: hosts that are alike say the same."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Canonical]] = {}  # with the value, or its id could be another's

    def of(self, value: Any) -> Canonical:
        """Return the canonical text of a value. Raises NotCanonical."""
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = value, Canonical(_written(value))
        return known[1]


class NotCanonical(ValueError):
    """The value has no canonical form: a float, a secret, a non-string key or a stray high surrogate."""


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a value. Raises NotCanonical."""
    return _written(value).encode("ascii")


def digest(domain: str, value: Any) -> str:
    """Return ``v1:<64 hex>``: SHA-256 over the domain, the version and the canonical bytes of the value."""
    prefix = f"cutter.{domain}.{VERSION}\n".encode("ascii")
    return f"{VERSION}:{sha256_hex(prefix + canonical(value))}"


def bytes_digest(content: bytes) -> str:
    """Return ``sha256:<64 hex>`` of the bytes as they are."""
    return f"sha256:{sha256_hex(content)}"


def _written(value: Any) -> str:
    """Return the canonical text of a value, in one pass: a run writes thousands of them."""
    kind = type(value)
    if kind is str:
        return _quoted(value) if value.isascii() else _text(value)
    if isinstance(value, str):
        return value if kind is Canonical else _text(value)
    if kind is dict or isinstance(value, Mapping):
        return "{" + ",".join([_key(key) + _written(value[key]) for key in _sorted(value)]) + "}"
    if value is None or kind is bool:
        return _CONSTANTS[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([_written(item) for item in value]) + "]"
    raise NotCanonical(f"a {kind.__name__} has no canonical form")


def _sorted(value: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:  # keys of several types: one of them is no string, and `_key` says which
        return list(value)


@lru_cache(maxsize=1024)  # the same few keys come thousands of times
def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise NotCanonical(f"a key must be a string, not a {type(key).__name__}")
    return _text(key) + ":"


def _text(value: str) -> str:
    if _HIGH_SURROGATE.search(value):
        raise NotCanonical("a string with a stray high surrogate has no canonical form")
    return _quoted(value)
