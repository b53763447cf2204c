"""What a text and its grammar come to, for the steps that declare a cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutter.cut.carried import packed
from cutter.cut.discover import InMemory
from cutter.cut.planned_once import summed_up_once
from cutter.resource import Desk


def declared(params: Mapping[str, Any], desk: Desk) -> dict[str, Any]:
    """Return the document, its grammar as it travels, the units of each section type, the pin, the root hash.

    `params` name `source` and `grammar`, perhaps `version` and `expect`. Raises InvalidDocument for whatever
    in the text is ambiguous.
    """
    grammar = desk.grammar(params["grammar"])
    marks = InMemory(
        grammar.document_ref, desk.read(params["source"]), params.get("version", 1), name=params["source"]
    ).discover(grammar, tuple((params.get("expect") or {}).items()))
    comes_to = summed_up_once(marks)
    return {
        "document_ref": grammar.document_ref,
        "rules": packed(grammar),
        "counts": [list(pair) for pair in comes_to.counts.items()],
        "pin": comes_to.pin,
        "root": comes_to.root,
    }
