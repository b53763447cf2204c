"""How far the planning of a long document has come, on the terminal of whatever verb plans it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from cutter.cut.telling import heard_by

if TYPE_CHECKING:
    from cutter.report.progress import ProgressLine


@contextmanager
def planning_shown(args: argparse.Namespace) -> Iterator[None]:
    """Show it for as long as the block lasts; a command that reads nothing long makes no line."""
    lines: list[ProgressLine | None] = []

    def hears(what: str, done: int, total: int) -> None:
        if not lines and what:
            from cutter.report.progress import progress_line

            wanted = not getattr(args, "json", False)
            lines.append(stack.enter_context(progress_line(sys.stderr, wanted=wanted)))
        for line in filter(None, lines):
            line(what, done, total)

    with ExitStack() as stack, heard_by(hears):
        yield
