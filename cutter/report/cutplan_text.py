"""A cutplan as a tree of addresses, counts and pins, and as JSON; the same plan gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cutter.cut.cutplan import Cutplan
from cutter.cut.rows import CutplanRow

_INDENT = "  "


def cutplan_lines(cutplan: Cutplan) -> Iterator[str]:
    """Yield the tree, one line per unit: address, size of the body in bytes, title; then counts and pins."""
    yield f"{cutplan.document_ref} version {cutplan.version}"
    depths: dict[str | None, int] = {None: 0}
    for row in cutplan.rows:
        depth = depths[row.unit_ref] = depths.get(row.parent_ref, 0) + 1
        yield f"{_INDENT * depth}{row.unit_ref}  {_size(row)}  {_one_line(row.title)}"
    yield ""
    counts = ", ".join(f"{count} {name}" for name, count in cutplan.counts.items())
    yield f"units    {len(cutplan.rows)} ({counts})"
    yield f"source   {cutplan.source_digest}"
    yield f"grammar  {cutplan.grammar_digest}"
    yield f"pin      {cutplan.pin}"


def cutplan_body(cutplan: Cutplan) -> dict[str, Any]:
    """Return the plan for programs; bodies are named by their hash."""
    return {
        "version": 1,
        "document": {
            "ref": cutplan.document_ref,
            "version": cutplan.version,
            "source_digest": cutplan.source_digest,
            "grammar_digest": cutplan.grammar_digest,
        },
        "pin": cutplan.pin,
        "counts": dict(cutplan.counts),
        "rows": [_row(row) for row in cutplan.rows],
        "ignorable": [list(span) for span in cutplan.ignorable],
    }


def _row(row: CutplanRow) -> dict[str, Any]:
    told = row._asdict()
    del told["body"]
    return {**told, "span": list(row.span)}


def _size(row: CutplanRow) -> str:
    return f"{len(row.body.encode())} bytes"


def _one_line(title: str) -> str:
    """Return a title that cannot break the line or the terminal."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in title)
