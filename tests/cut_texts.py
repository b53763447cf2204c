"""Grammars and texts for the tests of the cut."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from cutter.cut.cutplan import Cutplan, plan
from cutter.cut.discover import InMemory
from cutter.cut.faults import Fault, InvalidSource
from cutter.cut.grammar import Grammar, Level, Preamble
from cutter.cut.patterns import compiled


def level(section_type: str, match: str | tuple[str, ...], heading: int = 0, **more: Any) -> Level:
    patterns = (match,) if isinstance(match, str) else match
    within = more.pop("within", "document")
    parents = (within,) if isinstance(within, str) else within
    return Level(section_type, section_type, tuple(map(compiled, patterns)), heading, parents, **more)


def grammar(form: Literal["markdown", "numbered"], *levels: Level, **more: Any) -> Grammar:
    texts = tuple(compiled(text) for text in more.pop("lines", ()))
    return Grammar("d", form, levels, text_patterns=texts, **more)


LAW = grammar(
    "markdown",
    level("section", "Section {1}. {title}", 2, body="optional"),
    level("article", "Article {1}. {title}", 3, within=("section", "document"), numbering="continuous"),
    level("paragraph", "({1}) {body}", within="article"),
    ignore=("front matter", "comments", "rules", "title"),
    lines=("({a}) {body}",),
)
RULES = grammar(
    "numbered",
    level("section", "{1}. {title}", body="optional"),
    level("paragraph", "{1.1} {body}", within="section"),
    level("clause", "({a}) {body}", within="paragraph"),
    ignore=("title", "comments", "rules"),
)
PREAMBLE = Preamble("preamble", "preamble", "Preamble")


def planned(text: str | bytes, found: Grammar, expect: tuple[tuple[str, int], ...] = ()) -> Cutplan:
    return plan(InMemory("d", text).discover(found, expect))


def faults(text: str | bytes, found: Grammar, expect: tuple[tuple[str, int], ...] = ()) -> tuple[Fault, ...]:
    """Return what is refused about a text; it must be refused."""
    with pytest.raises(InvalidSource) as refused:
        planned(text, found, expect)
    assert refused.value.exit_code == 65
    return refused.value.faults


def rules(
    text: str | bytes, found: Grammar, expect: tuple[tuple[str, int], ...] = ()
) -> list[tuple[int, str]]:
    return [(fault.line, fault.rule) for fault in faults(text, found, expect)]
