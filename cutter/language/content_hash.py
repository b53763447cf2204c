"""What a step is, as a digest: its type, what it declares, what it takes from earlier steps; not its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from cutter.model.canonical import digest
from cutter.model.runbook import ValuePath
from cutter.model.secret import Secret, keyed_digest
from cutter.resource import REQUIRED, Resource


def content_hash(
    kind: type[Resource],
    name: str,
    params: Mapping[str, Any],
    key: bytes,
    needs: Mapping[str, str],
    *,
    only_for: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """Return the content hash of a step; `needs` maps the ids of the earlier steps it uses to theirs.

    `only_for` says which hosts it is for, where that is not all: so nobody closes a gap by asking for less.

    Defaults are written out, so that a later version with another default proves nothing about this one.
    Secrets are in it by keyed digest, beside their paths and apart from plain texts.
    """
    defaults = {
        name: declared.default
        for name, declared in kind.params.items()
        if declared.default is not REQUIRED and not declared.internal
    }
    declared = {name: value for name, value in {**defaults, **params}.items() if name not in kind.located}
    secrets = [
        [list(map(str, path)), keyed_digest(key, secret.reveal())] for path, secret in _secrets(declared, ())
    ]
    return digest(
        "step",
        {
            "type": name,
            "params": _without_secrets(declared) if secrets else declared,
            "secrets": sorted(secrets),
            "needs": dict(needs),
            **({"for": dict(only_for)} if only_for else {}),
        },
    )


def _secrets(value: Any, path: ValuePath) -> Iterator[tuple[ValuePath, Secret]]:
    if isinstance(value, Secret):
        yield path, value
    if _is_secret_text(value):
        yield (*path, "value"), Secret(value["value"])
        return
    children: Any = value.items() if isinstance(value, Mapping) else ()
    if isinstance(value, (list, tuple)):
        children = enumerate(value)
    for key, item in children:
        yield from _secrets(item, (*path, key))


def _is_secret_text(value: Any) -> bool:
    """Tell whether this is a secret that is still a text, because the target has yet to complete it."""
    return isinstance(value, Mapping) and value.get("secret") is True and isinstance(value.get("value"), str)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Secret):
        return None
    if _is_secret_text(value):
        return {**value, "value": None}
    if isinstance(value, Mapping):
        return {key: _without_secrets(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(item) for item in value]
    return value
