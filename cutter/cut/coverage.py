"""The proof that a cut leaves nothing out: every byte lies in one unit or one declared ignorable span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import TYPE_CHECKING

from cutter.cut.faults import Fault
from cutter.cut.rows import CutplanRow, Ignorable
from cutter.model.canonical import bytes_digest

if TYPE_CHECKING:
    from cutter.cut.cutplan import Cutplan

_BLANK = b" \t\r\n"
_LINE_ENDS = ((b"\n", 1), (b"\r", 1), (b"\r\n", -1))


def uncovered(source: bytes, rows: Sequence[CutplanRow], ignorable: Sequence[Ignorable]) -> tuple[Fault, ...]:
    """Return where rows and ignorable spans do not part the source, in order; nothing when they do.

    A span that is called blank must be blank, so that no text can hide in one.
    """
    return tuple(_faults(source, rows, ignorable))


def verify(source: bytes, cutplan: Cutplan) -> tuple[Fault, ...]:
    """Return where a source is not the one a cutplan was made from; nothing when it is, byte by byte.

    Where bodies differ, the first unit that does is named, or all of them while everything keeps its place.
    """
    if bytes_digest(source) == cutplan.source_digest:
        return (
            *_faults(source, cutplan.rows, cutplan.ignorable),
            *_altered(source, cutplan.rows, moved=False),
        )
    found = tuple(_altered(source, cutplan.rows, moved=len(source) != _length(cutplan)))
    return found or (_elsewhere(source, cutplan),)


def _faults(source: bytes, rows: Iterable[CutplanRow], ignorable: Iterable[Ignorable]) -> Iterator[Fault]:
    at = 0
    units = ((row.span.start, row.span.end, row.unit_ref) for row in rows)
    for start, end, name in merge(units, ignorable):
        if start != at:
            kind = "covered twice" if start < at else "in no unit"
            yield Fault(
                line_of(source, min(start, at)),
                "coverage",
                f"bytes {min(start, at)} to {max(start, at)}: {kind}",
            )
        if end < start or end > len(source):
            yield Fault(line_of(source, start), "coverage", f"{name} ends at byte {end}")
        if name == "blank" and source[start:end].strip(_BLANK):
            yield Fault(line_of(source, start), "coverage", f"bytes {start} to {end} are not blank")
        at = max(at, end)
    if at != len(source):
        yield Fault(line_of(source, at), "coverage", f"bytes {at} to {len(source)}: in no unit")


def _altered(source: bytes, rows: Iterable[CutplanRow], *, moved: bool) -> Iterator[Fault]:
    for row in rows:
        body = row.body.encode()
        start = row.span.end - len(body)
        heading = source[row.span.start : start]
        if bytes_digest(body) != row.body_hash or source[start : row.span.end] != body:
            what = "body"
        elif heading and row.title.encode() not in heading:  # a preamble has no heading
            what = "title"
        else:
            continue
        yield Fault(line_of(source, row.span.start), "altered", f"the {what} of {row.unit_ref} is another")
        if moved:
            return


def _elsewhere(source: bytes, cutplan: Cutplan) -> Fault:
    """Return the fault of bytes outside every title and body: markup, numbers, blanks and comments."""
    blanks = next((fault for fault in _faults(source, cutplan.rows, cutplan.ignorable)), None)
    line = blanks.line if blanks else 1
    return Fault(
        line, "altered", "bytes outside every title and body are others: markup, numbers or what is ignored"
    )


def _length(cutplan: Cutplan) -> int:
    ends = [cutplan.rows[-1].span.end if cutplan.rows else 0, *(item.end for item in cutplan.ignorable[-1:])]
    return max(ends)


def line_of(source: bytes, offset: int) -> int:
    """Return the line, from 1, that a byte stands in."""
    return 1 + sum(sign * source.count(end, 0, offset) for end, sign in _LINE_ENDS)


def last_line(source: bytes) -> int:
    """Return the last line that is not empty, or 1."""
    end = len(source)
    while end and source[end - 1] in b"\r\n":
        end -= 1
    return line_of(source, end)
