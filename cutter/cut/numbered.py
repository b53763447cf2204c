"""Plain numbered text to pieces: every line that is not blank is one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cutter.cut.faults import Fault
from cutter.cut.grammar import Grammar
from cutter.cut.lines import COMMENT, LINE, RULE, Piece, after, prologue, window

_SIZE = 2**18
_RULE = re.compile(r"(?:-{3,}|={3,}|\*{3,}|_{3,})")


def pieces(source: bytes, grammar: Grammar, faults: list[Fault]) -> Iterator[Piece]:
    """Yield the pieces of a text in order. A comment begins with #; a rule is a line of ---, === or ***."""
    first = prologue(source, grammar, faults)
    yield from first
    start, line = after(source, first)
    while start < len(source):
        found = window(source, start, _SIZE, line, faults)
        if found is None:
            return
        texts = found.text.split("\n")
        for index, begin in enumerate(found.starts):
            stripped = texts[index].strip(" \t")
            if stripped:
                yield Piece(_role(stripped), line + index, begin, found.ends[index], texts[index])
        line += len(found.starts)
        start = found.next_start(source)


def _role(text: str) -> str:
    if text[0] == "#":
        return COMMENT
    return RULE if text[0] in "-=*_" and _RULE.fullmatch(text) else LINE
