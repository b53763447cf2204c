"""A value against the small part of JSON Schema that parameters use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cutter.model.secret import Secret

Mismatch = tuple[tuple[object, ...], str]
"""The path of keys to what is wrong, and what is wrong with it."""
_PYTHON_TYPE = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


def mismatches(schema: Mapping[str, Any], value: Any) -> Iterator[Mismatch]:
    """Judge a value by the small part of JSON Schema that parameters use; the rest is `check`'s business."""
    if value is None or (isinstance(value, str) and "{{" in value):
        return
    kind = schema.get("type")
    if isinstance(kind, str) and not _is_a(value, kind):
        yield (), (f"{'this' if isinstance(value, (list, dict)) else repr(value)} is not a {kind}")
    elif "enum" in schema and value not in schema["enum"]:
        yield (), (f"{value!r} is not one of {', '.join(map(str, schema['enum']))}")
    elif isinstance(value, str) and "pattern" in schema and not fits(schema["pattern"], value):
        yield (), (f"{value!r} does not match {schema['pattern']}")
    elif isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield (), (f"{value!r} is out of bounds")
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from (((index, *path), text) for path, text in mismatches(schema["items"], item))


def fits(pattern: str, text: str) -> bool:
    """Tell whether a text matches as JSON Schema means it: after its `$` comes nothing, no newline either."""
    return re.search(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern, text) is not None


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, Secret):
        return kind == "string"
    return isinstance(value, _PYTHON_TYPE[kind]) and (kind == "boolean" or not isinstance(value, bool))
