"""A grammar as plain values and back: so it goes with the parameters of a step, and counts in their hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutter.cut.grammar import Grammar, Level, Preamble
from cutter.cut.patterns import Pattern, compiled


def packed(grammar: Grammar) -> dict[str, Any]:
    """Return a grammar as plain values."""
    return {
        **grammar._asdict(),
        "levels": [
            {**level._asdict(), "patterns": _texts(level.patterns), "within": list(level.within)}
            for level in grammar.levels
        ],
        "preamble": grammar.preamble._asdict() if grammar.preamble else None,
        "ignore": list(grammar.ignore),
        "text_patterns": _texts(grammar.text_patterns),
        "text_headings": list(grammar.text_headings),
        "expect": [list(pair) for pair in grammar.expect],
    }


def unpacked(plain: Mapping[str, Any]) -> Grammar:
    """Return the grammar again, equal to the one that was packed."""
    levels = tuple(
        Level(**{**level, "patterns": _compiled(level["patterns"]), "within": tuple(level["within"])})
        for level in plain["levels"]
    )
    return Grammar(
        document_ref=plain["document_ref"],
        format=plain["format"],
        levels=levels,
        preamble=Preamble(**plain["preamble"]) if plain["preamble"] else None,
        ignore=tuple(plain["ignore"]),
        text_patterns=_compiled(plain["text_patterns"]),
        text_headings=tuple(plain["text_headings"]),
        expect=tuple((name, count) for name, count in plain["expect"]),
    )


def _texts(patterns: tuple[Pattern, ...]) -> list[str]:
    return [pattern.text for pattern in patterns]


def _compiled(texts: list[str]) -> tuple[Pattern, ...]:
    return tuple(compiled(text) for text in texts)
