"""What a step, or a runbook, may say, as a page of documentation, derived from the schema alone."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cutter.named_tuple import NamedTuple
from cutter.report.style import paint

_WIDTH = 100
Keys = Mapping[str, Mapping[str, Any]]
PAGES = {
    "runbook": "what a runbook may say; what its steps may say is in `cutter doc step`.",
    "step": "what a step may say beside its one type.",
}
"""What `cutter doc` describes beside the types."""


class Page(NamedTuple):
    """What is described, one of PAGES, with the schema of each key, and which keys there must be."""

    name: str
    keys: Keys
    required: Collection[str]


def keys_text(page: Page, *, colour: bool = False) -> str:
    """Return the page for a person."""
    lines = [f"{paint(page.name, 'strong', colour=colour)}: {PAGES[page.name]}", ""]
    return "\n".join([*lines, *_entries(page.keys, page.required, "  ")])


def keys_body(page: Page) -> dict[str, Any]:
    """Return the page for programs."""
    return {
        "name": page.name,
        "summary": PAGES[page.name],
        "keys": {name: dict(each) for name, each in page.keys.items()},
        "required": sorted(page.required),
    }


def _entries(keys: Keys, required: Collection[str], margin: str) -> Iterator[str]:
    for name, schema in keys.items():
        said = " ".join([f"{name}:", schema.get("description", ""), *_need(schema, name, required)])
        yield from textwrap.wrap(said, _WIDTH, initial_indent=margin, subsequent_indent=f"{margin}    ")
        yield from _entries(schema.get("properties", {}), schema.get("required", ()), f"{margin}    ")


def _need(schema: Mapping[str, Any], name: str, required: Collection[str]) -> list[str]:
    if "const" in schema:
        return [f"Required: {schema['const']}."]
    if name in required:
        return ["Required."]
    return [f"Default: {schema['default']}."] if "default" in schema else []
