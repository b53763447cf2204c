"""A value that must not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from cutter.model.sha256 import hmac_sha256_hex


class Secret:
    """A string that prints as ``***``, cannot be serialised, and enters a State only as a keyed digest."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Wrap the value; only `reveal` gives it back."""
        self._value = value

    def reveal(self) -> str:
        """Return the value. Call this only at the sink that must write it."""
        return self._value

    def __repr__(self) -> str:
        """Return three stars, whatever the value."""
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Return three stars, whatever the format."""
        return "***"

    def __eq__(self, other: object) -> bool:
        """Compare in constant time, and only with another secret."""
        from hmac import compare_digest

        return isinstance(other, Secret) and compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        """Hash by identity of the type alone, so that no table of hashes tells anything."""
        return hash(Secret)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied into a store."""
        raise TypeError("a secret is not serialisable")


def keyed_digest(key: bytes, value: str | bytes) -> str:
    """Return ``hmac-sha256:<64 hex>`` of a secret under the environment's digest key."""
    content = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return f"hmac-sha256:{hmac_sha256_hex(key, content)}"


def contains_secret(value: Any) -> bool:
    """Tell whether a secret is anywhere inside a nested value."""
    if isinstance(value, dict):
        return any(contains_secret(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(contains_secret(item) for item in value)
    return isinstance(value, Secret)


def without_secrets(value: Any) -> Any:
    """Return a nested value with every secret replaced by three stars, fit to be recorded."""
    if isinstance(value, Mapping):
        return {key: without_secrets(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_secrets(item) for item in value]
    return "***" if isinstance(value, Secret) else value
