"""The gap closure matrix on a terminal, or as plain text of the same columns."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from cutter.model.gaps import GapState, GapStatus, MatrixStatus
from cutter.report import gap_words as words
from cutter.report.style import paint, printable

_COLUMNS = ("Item", "Pre-O8D", "Post-O8D", "Now", "Blocks first production run?", "Title")
_STYLE = {GapState.CLOSED: "bold green", GapState.PARTIAL: "bold yellow", GapState.OPEN: "bold red"}
_NOW = 3
_NARROWEST_TABLE = 100


def print_matrix(status: MatrixStatus, *, colour: bool, stream: TextIO | None = None) -> None:
    """Print the roll-up in the order of the matrix, then what to do next about each gap, then the summary."""
    out = stream or sys.stdout
    if colour and _width(out) >= _NARROWEST_TABLE:
        _print_table(status, out)
    else:
        out.write(f"{_text_for(status, out)}\n\n")
    for gap in status.gaps:
        out.writelines(f"{line}\n" for line in _next_lines(gap, colour=colour))
    out.write(f"\n{printable(words.summary(status))}\n")
    out.writelines(f"{printable(line)}\n" for line in words.lapses(status))


def table_text(status: MatrixStatus, count: int = len(_COLUMNS)) -> str:
    """Return the roll-up as aligned columns without colour; of the columns, the first `count`."""
    rows: list[Sequence[str]] = [_COLUMNS[:count], *(_cells(gap)[:count] for gap in status.gaps)]
    widths = [max(len(row[column]) for row in rows) for column in range(count)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _text_for(status: MatrixStatus, out: TextIO) -> str:
    """Return the roll-up as a terminal has room for it: without the title first, then without the reason."""
    for count in (len(_COLUMNS), len(_COLUMNS) - 1):
        text = table_text(status, count)
        if not out.isatty() or max(map(len, text.splitlines())) <= _width(out):
            return text
    return table_text(status, len(_COLUMNS) - 2)


def _cells(gap: GapStatus) -> tuple[str, ...]:
    declared = gap.declaration
    cells = (declared.id, declared.pre.status, declared.post.status, words.now(gap), words.blocks(declared))
    return tuple(printable(cell) for cell in (*cells, declared.title))


def _next_lines(gap: GapStatus, *, colour: bool) -> list[str]:
    name = paint(f"{gap.declaration.id:<5}", words.ROLE_OF_STATE[gap.status], colour=colour)
    lines = [f"{name} reopened by {printable(drift)}" for drift in words.drifts(gap)] if gap.reopened else []
    lines += [f"{name} next: {printable(gap.next_action)}"] if gap.next_action else []
    return lines + ([f"      {printable(gap.command)}"] if gap.command else [])


def _print_table(status: MatrixStatus, out: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, no_wrap=column == "Item")
    for gap in status.gaps:
        cells = [Text(cell) for cell in _cells(gap)]
        cells[_NOW].stylize(_STYLE[gap.status])
        table.add_row(*cells)
    Console(file=out, force_terminal=True, width=_width(out)).print(table)


def _width(out: TextIO) -> int:
    import os
    import shutil

    try:
        return os.get_terminal_size(out.fileno()).columns
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns
