"""A line that says how far long work has come: on a terminal alone, and gone in the end."""

from __future__ import annotations

import io
import os
import re
import select
import time
from collections.abc import Iterator
from typing import TextIO

import pytest

from cutter.report import progress
from cutter.report.progress import progress_line

_DEADLINE = 60.0
_MARK = "<until here>"


class Terminal:
    """A pseudo-terminal: what is written to `stream` is read back."""

    def __init__(self) -> None:
        self._ours, theirs = os.openpty()
        self.stream: TextIO = os.fdopen(theirs, "w")
        self.text = ""

    def until(self, pattern: str) -> str:
        """Read until the text matches."""
        end = time.monotonic() + _DEADLINE
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, self.text
            if select.select([self._ours], [], [], 0.1)[0]:
                self.text += os.read(self._ours, 4096).decode()
        return self.text

    def all(self) -> str:
        """Read what there is; what was written a moment ago may still be on its way here."""
        self.stream.write(_MARK)
        self.stream.flush()
        self.text = self.until(_MARK).replace(_MARK, "")
        return self.text

    def close(self) -> None:
        """Close both ends."""
        self.stream.close()
        os.close(self._ours)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    made = Terminal()
    yield made
    made.close()


def test_long_work_is_shown_and_the_line_is_gone_in_the_end(terminal: Terminal) -> None:
    with progress_line(terminal.stream, wanted=True) as line:
        assert line is not None
        line("cut the units", 2_000, 100_000)
        terminal.until(r"cut the units: 2,000 of 100,000 \(\d+ s\)")
        line("cut the units", 61_000, 100_000)
        terminal.until("61,000 of 100,000")
        line("verify the cut", 0, 0)
        terminal.until(r"verify the cut \(\d+ s\)")
    assert terminal.all().endswith("\r\x1b[K")


def test_a_line_that_hears_no_words_is_gone_at_once_and_may_come_again(terminal: Terminal) -> None:
    with progress_line(terminal.stream, wanted=True) as line:
        assert line is not None
        line("read", 1, 2)
        terminal.until(r"read: 1 of 2 \(\d+ s\)")
        line("", 0, 0)
        assert terminal.all().endswith("\r\x1b[K")
        line("write", 0, 0)
        terminal.until(r"write \(\d+ s\)")


def test_what_is_printed_in_between_stands_on_a_line_of_its_own(terminal: Terminal) -> None:
    with progress_line(terminal.stream, wanted=True) as line:
        assert line is not None
        line("steps", 1, 2)
        terminal.until("steps: 1 of 2")
        with line.aside():
            terminal.stream.write("changed\n")
            terminal.stream.flush()
        terminal.until(r"(?s)changed.*steps: 1 of 2")
    assert re.search(r"\x1b\[Kchanged\r?\n", terminal.all())


def test_short_work_is_never_shown(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", _DEADLINE)
    with progress_line(terminal.stream, wanted=True) as line:
        assert line is not None
        line("steps", 1, 2)
        line._draw()
    assert terminal.all() == ""


def test_without_a_terminal_or_a_wish_there_is_none(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        progress_line(io.StringIO(), wanted=True) as piped,
        progress_line(terminal.stream, wanted=False) as no,
    ):
        assert (piped, no) == (None, None)
    monkeypatch.setenv("TERM", "dumb")
    with progress_line(terminal.stream, wanted=True) as dumb:
        assert dumb is None


def test_a_terminal_that_is_gone_does_not_end_the_work(terminal: Terminal) -> None:
    with progress_line(terminal.stream, wanted=True) as line:
        assert line is not None
        line("steps", 1, 2)
        terminal.until("steps")
        terminal.stream.close()
        line._draw()
        line("steps", 2, 2)
