"""References: ``{{ name }}``, ``{{ facts.user }}``, ``{{ steps.id.output }}``. Nothing else is an expression.

A string that is one reference and nothing else takes the referenced value with its type; inside a longer text
the value is written as text. A text without a reference stays as it is, braces included only when single.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cutter.model.secret import Secret

NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_REFERENCE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_PATH = re.compile(rf"{NAME}(?:\.{NAME})*(?:\[[A-Za-z0-9_.\-/]+\])?(?:\.{NAME})*")
_PART = re.compile(rf"{NAME}(?:\[[^\]]*\])?")
LATE = ("facts", "steps")
"""Scopes that only the target knows; the controller leaves them as they are."""


class BadReference(ValueError):
    """A text in braces that is not a dotted name, or braces that do not close."""


class Unresolved(LookupError):
    """A reference to something that is not known; `name` is the reference, `known` what there is instead."""

    def __init__(self, name: str, known: tuple[str, ...] = ()) -> None:
        """Remember the name that was asked for and the names that exist at that place."""
        super().__init__(name)
        self.name = name
        self.known = known


def references(value: Any) -> Iterator[str]:
    """Yield every reference inside a nested value, in order. Raises BadReference."""
    if isinstance(value, str):
        if "{{" in value or "}}" in value:
            yield from (_name(match.group(1)) for match in _REFERENCE.finditer(_checked(value)))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from references(item)


def resolve(value: Any, lookup: Callable[[str], Any]) -> Any:
    """Return the value with each reference replaced by `lookup(name)`.

    `lookup` may return the reference itself (as `written(name)`) to leave it for later. Raises BadReference,
    and whatever `lookup` raises.
    """
    if isinstance(value, str):
        return _resolve_text(value, lookup) if "{{" in value else value
    if isinstance(value, Mapping):
        return {key: resolve(item, lookup) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(item, lookup) for item in value]
    return value


def written(name: str) -> str:
    """Return the reference as it is written in a runbook."""
    return "{{ " + name + " }}"


def is_late(name: str) -> bool:
    """Tell whether only the target can resolve this reference."""
    return name.partition(".")[0] in LATE


def parts(name: str) -> list[str]:
    """Return the parts of a dotted name; ``steps.id[a.b].output`` has three, the item stays with its step."""
    return _PART.findall(name)


def lookup_in(scope: Mapping[str, Any], name: str) -> Any:
    """Walk a dotted name through nested mappings. Raises Unresolved, naming what exists at that place."""
    found: Any = scope
    for part in parts(name):
        if not isinstance(found, Mapping) or part not in found:
            known = tuple(sorted(map(str, found))) if isinstance(found, Mapping) else ()
            raise Unresolved(name, known)
        found = found[part]
    return found


def _resolve_text(text: str, lookup: Callable[[str], Any]) -> Any:
    whole = _REFERENCE.fullmatch(_checked(text))
    if whole and text.count("{{") == 1:
        return lookup(_name(whole.group(1)))
    parts = _REFERENCE.split(text)
    values = [part if index % 2 == 0 else lookup(_name(part)) for index, part in enumerate(parts)]
    if any(isinstance(value, Secret) for value in values):
        return Secret(
            "".join(value.reveal() if isinstance(value, Secret) else _as_text(value) for value in values)
        )
    return "".join(_as_text(value) for value in values)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    raise BadReference(f"a {type(value).__name__} cannot be written inside a text")


def _name(inner: str) -> str:
    name = inner.strip()
    if not _PATH.fullmatch(name):
        raise BadReference(f"{name!r} is not a name; only references such as {{{{ name }}}} are allowed")
    return name


def _checked(text: str) -> str:
    rest = _REFERENCE.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise BadReference("the braces of a reference do not close")
    return text
