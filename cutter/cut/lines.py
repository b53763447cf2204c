"""A source text, read a window of whole lines at a time, so that memory does not grow with the document."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

from cutter.cut.faults import Fault
from cutter.cut.grammar import Grammar
from cutter.named_tuple import NamedTuple

_BREAK = re.compile(rb"\r\n?|\n")
_PORTION = 2**20
_BOM = b"\xef\xbb\xbf"
_FENCES = (b"---", b"...")

HEADING, LINE, TEXT, HIDDEN = "heading", "line", "text", "hidden heading"
COMMENT, RULE, FRONT_MATTER, BOM = "comments", "rules", "front matter", "byte order mark"
IGNORABLE = frozenset({COMMENT, RULE, FRONT_MATTER, BOM})


class Piece(NamedTuple):
    """A run of whole lines without the break of the last: what it is, its first line, and its bytes.

    `text` is what a heading or a line says, for those; blank lines are the gaps between pieces.
    """

    role: str
    line: int
    start: int
    end: int
    text: str = ""
    depth: int = 0


class Window(NamedTuple):
    """Whole lines of a source: where each starts and ends, and their text with plain line breaks."""

    first_line: int
    starts: list[int]
    ends: list[int]
    text: str
    last: bool

    def next_start(self, source: bytes) -> int:
        """Return the offset after the last line and its break."""
        found = _BREAK.match(source, self.ends[-1])
        return found.end() if found else self.ends[-1]


def is_utf8(source: bytes) -> bool:
    """Tell whether a text is UTF-8, without a second copy of it."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(source), _PORTION):
            decoder.decode(source[start : start + _PORTION])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def window(source: bytes, start: int, size: int, first_line: int, faults: list[Fault]) -> Window | None:
    """Return the whole lines from an offset on, `size` bytes or a little more; None where they are no text.

    What is no text is told among the faults.
    """
    found = _BREAK.search(source, min(start + size, len(source)))
    stop = found.end() if found else len(source)
    chunk = source[start:stop]
    try:
        text = chunk.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + len(_BREAK.findall(chunk, 0, error.start))
        faults.append(Fault(line, "encoding", f"byte 0x{chunk[error.start]:02x} is not UTF-8"))
        return None
    _refuse_nul(chunk, first_line, faults)
    breaks = list(_BREAK.finditer(chunk))
    starts = [start, *(start + item.end() for item in breaks)]
    ends = [*(start + item.start() for item in breaks), stop]
    if len(starts) > 1 and starts[-1] == stop:
        starts.pop()
        ends.pop()
    plain = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return Window(first_line, starts, ends, plain, last=stop == len(source))


def prologue(source: bytes, grammar: Grammar, faults: list[Fault]) -> list[Piece]:
    """Return the byte order mark and the declared front matter, where the text begins with them."""
    start = len(_BOM) if source.startswith(_BOM) else 0
    found = [Piece(BOM, 1, 0, start)] if start else []
    if FRONT_MATTER in grammar.ignore:
        found += _front_matter(source, start, faults)
    return found


def after(source: bytes, pieces: list[Piece]) -> tuple[int, int]:
    """Return the offset and the line where a text goes on after its prologue."""
    if not pieces or pieces[-1].role == BOM:
        return (pieces[-1].end if pieces else 0), 1
    end = pieces[-1].end
    found = _BREAK.match(source, end)
    return (found.end() if found else end), 2 + len(_BREAK.findall(source, 0, end))


def _front_matter(source: bytes, start: int, faults: list[Fault]) -> list[Piece]:
    position, opened = start, False
    while True:
        found = _BREAK.search(source, position)
        end = found.start() if found else len(source)
        line = source[position:end].rstrip(b" \t")
        if not opened and line != _FENCES[0]:
            return []
        if opened and line in _FENCES:
            return [Piece(FRONT_MATTER, 1, start, end)]
        if found is None:
            faults.append(Fault(1, "unclosed", "the front matter never ends"))
            return []
        position, opened = found.end(), True


def _refuse_nul(chunk: bytes, first_line: int, faults: list[Fault]) -> None:
    at = chunk.find(b"\0")
    while at >= 0:
        line = first_line + len(_BREAK.findall(chunk, 0, at))
        faults.append(Fault(line, "encoding", "a NUL character cannot be stored"))
        at = chunk.find(b"\0", at + 1)
