"""Values to canonical bytes to digests.

Canonical form v1 is JSON with sorted keys, no spaces and ASCII escapes. Allowed are null, booleans, integers,
strings, sequences and mappings with string keys; floats are refused because they have more than one spelling,
and so are high surrogates, whose escapes could spell another string. Two different values therefore never
share one canonical form.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

VERSION = "v1"
_HIGH_SURROGATE = re.compile("[\ud800-\udbff]")


class NotCanonical(ValueError):
    """The value has no canonical form: a float, a secret, a non-string key or a stray high surrogate."""


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a value. Raises NotCanonical."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def digest(domain: str, value: Any) -> str:
    """Return ``v1:<64 hex>``: SHA-256 over the domain, the version and the canonical bytes of the value."""
    prefix = f"cutter.{domain}.{VERSION}\n".encode("ascii")
    return f"{VERSION}:{hashlib.sha256(prefix + canonical(value)).hexdigest()}"


def bytes_digest(content: bytes) -> str:
    """Return ``sha256:<64 hex>`` of the bytes as they are."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise NotCanonical(f"a {type(value).__name__} has no canonical form")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise NotCanonical(f"a key must be a string, not a {type(key).__name__}")
    return _text(key)


def _text(value: str) -> str:
    if _HIGH_SURROGATE.search(value):
        raise NotCanonical("a string with a stray high surrogate has no canonical form")
    return str(value)
