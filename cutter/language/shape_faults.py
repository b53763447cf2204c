"""What a JSON Schema validator complains about, in the words of the person who wrote the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cutter.language.problems import nearest, shown
from cutter.model.runbook import ValuePath
from cutter.named_tuple import NamedTuple

ValidationError = Any
"""jsonschema's own type says that every attribute may be unset; where a validator yields one, all are set."""
KINDS: Mapping[str, str] = {
    "string": "a string",
    "integer": "an integer",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
    "number": "a number",
}
_REFERENCE_TAIL = r")|\{\{.*\}\}"
_STEP_KEYS = ("name", "id", "for_each", "irreversible", "provided_by", "hosts", "when", "confirm")


class ShapeFault(NamedTuple):
    """What is wrong at a path; `at_key` points at the key itself, `missing` names an absent key."""

    path: ValuePath
    what: str
    offending: str = ""
    suggestion: str = ""
    advice: str = ""
    at_key: bool = False
    missing: str = ""


def faults(error: ValidationError) -> Iterator[ShapeFault]:
    """Yield what one validation error means; of several branches, the one that was meant is told."""
    path = tuple(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        what = f"the key {error.instance!r} does not match {error.validator_value}"
        yield ShapeFault((*path, error.instance), what, str(error.instance), at_key=True)
        return
    tell = _TOLD.get(str(error.validator), _other)
    yield from tell(error, path)


def _unknown_keys(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    known = error.schema["properties"]
    for key in error.instance:
        if key not in known:
            free = [name for name in known if name not in error.instance]
            meant = nearest(key, free)
            advice = "" if meant else f"known are {', '.join(known)}"
            yield ShapeFault((*path, key), f"unknown key {key!r}", key, meant, advice, at_key=True)


def _missing(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    # one error per missing key; each names its key first in the message
    for key in error.validator_value:
        if error.message.startswith(f"{key!r} "):
            yield ShapeFault(path, f"{key} is missing", offending=key, missing=key)


def _kind(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    if error.schema.get("pattern", "").startswith(r"^\{\{") and "string" in kinds:
        kinds = [kind for kind in kinds if kind != "string"]  # a text stands there only for a reference
    meant = _quoted(error.instance, error.schema.get("pattern", "")) if kinds == ["string"] else ""
    yield ShapeFault(path, f"{shown(error.instance)} is not {_either(kinds)}", suggestion=meant)


def _quoted(value: Any, pattern: str) -> str:
    """Return a number as the text that was meant: as it stands, or with the zeros that YAML took away."""
    if isinstance(value, bool) or not isinstance(value, int):
        return ""
    spellings = (str(value), str(value).zfill(len("0755")))
    return next((text for text in spellings if re.search(pattern, text)), "")


def _pattern(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    pattern = str(error.validator_value)
    kinds = error.schema.get("type")
    said = shown(error.instance)
    if pattern.startswith(r"^\{\{") and isinstance(kinds, list):
        yield ShapeFault(path, f"{said} is not {_either([kind for kind in kinds if kind != 'string'])}")
    else:
        plain = pattern.removeprefix("(?:").removesuffix(_REFERENCE_TAIL)
        advice = error.schema.get("description", "")
        yield ShapeFault(path, f"{said} does not match {plain}", advice=advice)


def _value(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    allowed = error.validator_value if error.validator == "enum" else [error.validator_value]
    words = [item for item in allowed if isinstance(item, str)]
    meant = nearest(str(error.instance), words) or _by_case(error.instance, words)
    said = [item if isinstance(item, str) else shown(item) for item in allowed]
    listed = f"one of {', '.join(said)}" if len(said) > 1 else said[0]
    suggestion = meant if isinstance(error.instance, str) or meant else ""
    yield ShapeFault(path, f"{shown(error.instance)} is not {listed}", suggestion=suggestion)


def _by_case(value: Any, words: list[str]) -> str:
    return next((word for word in words if isinstance(value, str) and word.lower() == value.lower()), "")


def _branches(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    """Tell an `anyOf` by the branch whose type fits; when none fits, name the types that would."""
    found: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        found.setdefault(int(inner.schema_path[0]), []).append(inner)
    fitting = [inner for inner in found.values() if not any(_is_root_type(item, error) for item in inner)]
    proper = [inner for inner in fitting if not any(_only_reference(item) for item in inner)]
    chosen = min(proper, key=_distance, default=[])
    if chosen:
        for inner in chosen:
            yield from faults(inner)
        return
    kinds = [str(kind) for branch in error.validator_value for kind in _kinds(branch)]
    yield ShapeFault(path, f"{shown(error.instance)} is not {_either(list(dict.fromkeys(kinds)))}")


def _distance(errors: list[ValidationError]) -> tuple[int, int]:
    """Prefer the branch that fails deepest; of mappings, the one whose keys are known."""
    unknown = sum(1 for error in errors if error.validator in {"additionalProperties", "required"})
    return unknown, -max(len(error.absolute_path) for error in errors)


def _is_root_type(inner: ValidationError, outer: ValidationError) -> bool:
    return inner.validator == "type" and len(inner.absolute_path) == len(outer.absolute_path)


def _only_reference(inner: ValidationError) -> bool:
    return inner.validator == "pattern" and str(inner.validator_value).startswith(r"^\{\{")


def _kinds(branch: Mapping[str, Any]) -> list[str]:
    kind = branch.get("type", [])
    kinds = kind if isinstance(kind, list) else [kind]
    if str(branch.get("pattern", "")).startswith(r"^\{\{"):
        return [item for item in kinds if item != "string"]
    return kinds


def _types(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    """Tell a step without a type, or with more than one; an unknown key is told by its own error."""
    if not isinstance(error.instance, dict):
        return
    types = [branch["required"][0] for branch in error.validator_value]
    given = [key for key in error.instance if key in types]
    strangers = [key for key in error.instance if key not in types and key not in _STEP_KEYS]
    if len(given) > 1:
        what = f"a step has one type, and this one has {' and '.join(given)}"
        yield ShapeFault((*path, given[1]), what, given[1], advice="make it two steps", at_key=True)
    elif not given and not strangers:
        yield ShapeFault(
            path,
            "a step needs a type",
            str(error.instance.get("name", "")),
            advice=f"types are {', '.join(types)}",
        )


def _limit(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    word = "at least" if error.validator == "minimum" else "at most"
    yield ShapeFault(path, f"{shown(error.instance)} is not {word} {error.validator_value}")


def _too_few(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    del error
    yield ShapeFault(path, "this is empty")


def _twice(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    seen: list[Any] = []
    for index, item in enumerate(error.instance):
        if item in seen:
            yield ShapeFault((*path, index), f"{shown(item)} is in the list twice", str(item))
        seen.append(item)


def _other(error: ValidationError, path: ValuePath) -> Iterator[ShapeFault]:
    yield ShapeFault(
        path, f"{shown(error.instance)} does not fit: {error.validator} {shown(error.validator_value)}"
    )


def _either(kinds: list[str]) -> str:
    return " or ".join(KINDS.get(kind, kind) for kind in kinds)


_TOLD = {
    "additionalProperties": _unknown_keys,
    "required": _missing,
    "type": _kind,
    "pattern": _pattern,
    "enum": _value,
    "const": _value,
    "anyOf": _branches,
    "oneOf": _types,
    "minimum": _limit,
    "maximum": _limit,
    "minLength": _too_few,
    "minItems": _too_few,
    "minProperties": _too_few,
    "uniqueItems": _twice,
}
