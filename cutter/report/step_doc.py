"""What a step may say beside its type, as a page of documentation, derived from the schema alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from cutter.report.style import paint

_WIDTH = 100
_INTRODUCTION = "what a step may say beside its one type."


def step_text(keys: Mapping[str, Mapping[str, Any]], *, colour: bool = False) -> str:
    """Return the page for a person, from the schema of each key."""
    lines = [f"{paint('step', 'strong', colour=colour)}: {_INTRODUCTION}", ""]
    return "\n".join([*lines, *_entries(keys, "  ")])


def step_body(keys: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the page for programs."""
    return {
        "name": "step",
        "summary": _INTRODUCTION,
        "keys": {name: dict(each) for name, each in keys.items()},
    }


def _entries(keys: Mapping[str, Mapping[str, Any]], margin: str) -> Iterator[str]:
    for name, schema in keys.items():
        said = f"{name}: {schema.get('description', '')}"
        yield from textwrap.wrap(said, _WIDTH, initial_indent=margin, subsequent_indent=f"{margin}    ")
        yield from _entries(schema.get("properties", {}), f"{margin}    ")
