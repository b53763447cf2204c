"""Markdown to pieces, by the blocks that CommonMark finds in it.

A long text is parsed a window at a time: blocks depend on nothing before them, so parsing goes on at the
start of the last block of a window, the only one that the end of the window may have cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from cutter.cut.faults import Fault
from cutter.cut.grammar import Grammar
from cutter.cut.lines import (
    COMMENT,
    HEADING,
    HIDDEN,
    LINE,
    RULE,
    TEXT,
    Piece,
    Window,
    after,
    prologue,
    window,
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

SIZE = 2**16
_OPAQUE = frozenset({"fence", "code_block", "html_block", "blockquote_open"})
_LISTS = frozenset({"ordered_list_open", "bullet_list_open", "paragraph_open"})


def pieces(source: bytes, grammar: Grammar, faults: list[Fault], *, size: int = SIZE) -> Iterator[Piece]:
    """Yield the pieces of a text in order: where a level is a numbered line, lines of paragraphs singly."""
    first = prologue(source, grammar, faults)
    yield from first
    start, line = after(source, first)
    by_line = any(not level.heading for level in grammar.levels)
    wanted = size
    while start < len(source):
        silent: list[Fault] = []
        found = window(source, start, wanted, line, silent)
        blocks = [] if found is None else list(_blocks(found))
        if found is not None and not found.last:
            if len(blocks) < 2 or not blocks[-1].first:  # noqa: PLR2004 - one whole block beside the cut one
                wanted *= 2
                continue
            stop = blocks.pop().first
        else:
            stop = len(found.starts) if found else 0
        faults += silent
        if found is None:
            return
        yield from _pieces(found, blocks, stop, faults, by_line=by_line)
        line += stop
        start = found.starts[stop] if stop < len(found.starts) else found.next_start(source)
        wanted = size


class _Block:
    """A top-level block: its tokens, its first line in the window, and the line after its last."""

    def __init__(self, token: Token) -> None:
        self.tokens = [token]
        assert token.map is not None  # noqa: S101 - what opens a block has its lines
        self.first, self.stop = token.map


def _blocks(found: Window) -> Iterator[_Block]:
    tokens: list[Token] = []
    parser = _parser()
    parser.block.parse(found.text, parser, {}, tokens)
    block: _Block | None = None
    for token in tokens:
        if token.level == 0 and token.nesting >= 0 and token.map:
            if block is not None:
                yield block
            block = _Block(token)
        elif block is not None:
            block.tokens.append(token)
    if block is not None:
        yield block


def _pieces(
    found: Window, blocks: list[_Block], stop: int, faults: list[Fault], *, by_line: bool
) -> Iterator[Piece]:
    texts = found.text.split("\n")
    at = 0
    for block in blocks:
        yield from _uncovered(found, texts, at, block.first)
        at = block.stop
        while at > block.first + 1 and not texts[at - 1].strip(" \t"):
            at -= 1
        role = _role(found, texts, block, faults)
        if by_line and role == TEXT and block.tokens[0].type in _LISTS:
            yield from _hidden(found, block)
            yield from _by_line(found, texts, block, at)
            continue
        yield from _hidden(found, block)
        text, depth = (block.tokens[1].content, int(block.tokens[0].tag[1])) if role == HEADING else ("", 0)
        yield _piece(found, role, block.first, at, text=text, depth=depth)
        at = block.stop
    yield from _uncovered(found, texts, at, stop)


def _piece(found: Window, role: str, first: int, stop: int, *, text: str = "", depth: int = 0) -> Piece:
    return Piece(role, found.first_line + first, found.starts[first], found.ends[stop - 1], text, depth)


def _uncovered(found: Window, texts: list[str], at: int, stop: int) -> Iterator[Piece]:
    """Yield the lines of no block that are not blank: definitions of links."""
    for index in range(at, stop):
        if texts[index].strip(" \t"):
            yield _piece(found, TEXT, index, index + 1)


def _by_line(found: Window, texts: list[str], block: _Block, stop: int) -> Iterator[Piece]:
    opaque: set[int] = set()
    for token in block.tokens:
        if token.type in _OPAQUE and token.map:
            opaque.update(range(*token.map))
    for index in range(block.first, stop):
        if texts[index].strip(" \t"):
            role = TEXT if index in opaque else LINE
            yield _piece(found, role, index, index + 1, text=texts[index])


def _hidden(found: Window, block: _Block) -> Iterator[Piece]:
    """Yield the headings inside a list or a quotation, which make no unit."""
    for index, token in enumerate(block.tokens[1:], 1):
        if token.type == "heading_open" and token.map:
            first, text = token.map[0], block.tokens[index + 1].content
            yield _piece(found, HIDDEN, first, first + 1, text=text, depth=int(token.tag[1]))


def _role(found: Window, texts: list[str], block: _Block, faults: list[Fault]) -> str:
    token = block.tokens[0]
    if token.type == "heading_open":
        return HEADING
    if token.type == "hr":
        return RULE
    if token.type == "fence":
        _refuse_unclosed(found, texts, block, faults)
    if token.type == "html_block" and token.content.lstrip(" ").startswith("<!--"):
        comment = token.content.strip(" \t\n")
        if "-->" not in comment:
            line = found.first_line + block.first
            faults.append(Fault(line, "unclosed", "the comment never ends, so it hides what follows"))
        return COMMENT if comment.find("-->", 2) == len(comment) - 3 else TEXT
    return TEXT


def _refuse_unclosed(found: Window, texts: list[str], block: _Block, faults: list[Fault]) -> None:
    token = block.tokens[0]
    last = texts[block.stop - 1].strip(" \t")
    closed = block.stop > block.first + 1 and last == token.markup[0] * len(last)
    if not closed or len(last) < len(token.markup):
        line = found.first_line + block.first
        faults.append(Fault(line, "unclosed", "the code block never ends, so it hides what follows"))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")
