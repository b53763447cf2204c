"""A resource type as a page of documentation, derived from its class and nothing else."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any

from cutter.report.style import paint
from cutter.resource import Param, Resource

_WIDTH = 100
_NAMES = {"string": "text", "integer": "number", "boolean": "yes or no", "array": "list", "object": "mapping"}
_UNDO = {
    True: "the inverse change restores what was there",
    False: "none; a step of this type says why as `irreversible: <reason>`",
}


def summary_of(kind: type[Resource]) -> str:
    """Return the sentence that says what a type is."""
    return cleandoc(kind.__doc__ or "").partition("\n")[0]


def type_text(name: str, kind: type[Resource], *, colour: bool = False) -> str:
    """Return the page of a type for a person."""
    lines = [f"{paint(name, 'strong', colour=colour)}: {cleandoc(kind.__doc__ or '')}", ""]
    lines += [paint("parameters", "strong", colour=colour)]
    lines += [line for told in _shown(kind).items() for line in _param_lines(*told)]
    if kind.outputs:
        lines += [
            "",
            paint("outputs", "strong", colour=colour) + ", for later steps: {{ steps.ID.NAME }}",
        ]
        lines += [line for told in kind.outputs.items() for line in _entry(*told)]
    lines += ["", f"{paint('undo', 'strong', colour=colour)}: {_UNDO[kind.reversible]}"]
    if example_of(kind):
        lines += [
            "",
            paint("example", "strong", colour=colour),
            textwrap.indent(example_of(kind), "  ").rstrip(),
        ]
    return "\n".join(lines)


def type_body(name: str, kind: type[Resource]) -> dict[str, Any]:
    """Return the page of a type for programs."""
    return {
        "name": name,
        "summary": summary_of(kind),
        "text": cleandoc(kind.__doc__ or ""),
        "params": [{"name": name, **_param_body(declared)} for name, declared in _shown(kind).items()],
        "outputs": dict(kind.outputs),
        "reversible": kind.reversible,
        "example": example_of(kind),
    }


def example_of(kind: type[Resource]) -> str:
    """Return the indented YAML of the docstring of the type's file, or nothing."""
    text = cleandoc(sys.modules[kind.__module__].__doc__ or "")
    blocks = [line for line in text.splitlines() if not line or line.startswith("    ")]
    return textwrap.dedent("\n".join(blocks)).strip() + "\n" if any(blocks) else ""


def takes(schema: Mapping[str, Any]) -> str:
    """Return in words what a parameter takes."""
    if "enum" in schema:
        return "one of " + ", ".join(map(_yaml, schema["enum"]))
    named = _named(schema)
    if named == "list" and "items" in schema:
        return f"list of {_named(schema['items'])}"
    bounds = [f"{word} {schema[key]}" for key, word in _LIMITS.items() if key in schema]
    return " ".join([named, *bounds]).replace("\n", "\\n")


def _yaml(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


_LIMITS = {"minimum": "from", "maximum": "to", "pattern": "matching"}


def _named(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", [])
    return " or ".join(_NAMES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)) or "any value"


def _shown(kind: type[Resource]) -> Mapping[str, Param]:
    return {name: declared for name, declared in kind.params.items() if not declared.internal}


def _param_lines(name: str, declared: Param) -> Iterator[str]:
    need = "required" if declared.required else _default(declared.default)
    yield f"  {name}: {takes(declared.schema)}{', ' + need if need else ''}"
    yield from textwrap.wrap(
        declared.description, _WIDTH, initial_indent="      ", subsequent_indent="      "
    )


def _default(value: Any) -> str:
    if value is None or value in ({}, []):
        return ""
    shown = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    return f"default {shown}"


def _entry(name: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(f"{name}: {text}", _WIDTH, initial_indent="  ", subsequent_indent="      ")


def _param_body(declared: Param) -> dict[str, Any]:
    body = {
        "description": declared.description,
        "required": declared.required,
        "schema": dict(declared.schema),
    }
    return body if declared.required else {**body, "default": declared.default}
