"""One line on a terminal that says how far a long piece of work has come, and is gone when it is done.

It is drawn by a thread of its own, ten times in three seconds, so that being told costs the work next to
nothing; what takes less than half a second is never drawn.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

PATIENCE = 0.5
_PAUSE = 0.3
_COLUMNS = 80
_ERASE = "\r\x1b[K"


class ProgressLine:
    """Hears of work, and shows it on a stream; work that is heard of anew begins anew."""

    def __init__(self, stream: TextIO) -> None:
        """Take the terminal; nothing is started before there is something to tell."""
        self._stream = stream
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._drawing: threading.Thread | None = None
        self._what = ""
        self._done = self._total = 0
        self._began = 0.0
        self._shown = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Hear what is being done, how far it has come, and how far it will go; 0 where nobody knows.

        Without words nothing is being done: the line is gone when this returns.
        """
        if not what:
            with self._lock:
                self._what = ""
                self._erase()
            return
        if what != self._what:
            self._what, self._began = what, time.monotonic()
        self._done, self._total = done, total
        if self._drawing is None:
            self._drawing = threading.Thread(target=self._draw_on, name="progress", daemon=True)
            self._drawing.start()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Be out of the way while something else is printed."""
        with self._lock:
            self._erase()
            yield

    def end(self) -> None:
        """Erase the line, and draw no more."""
        self._over.set()
        if self._drawing is not None:
            self._drawing.join()
        self._erase()

    def _draw_on(self) -> None:
        while not self._over.wait(_PAUSE):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        seconds = time.monotonic() - self._began
        if seconds < PATIENCE or not self._what:
            return
        far = f": {self._done:,} of {self._total:,}" if self._total else ""
        self._write(_ERASE + f"{self._what}{far} ({seconds:.0f} s)"[: self._width()])
        self._shown = True

    def _erase(self) -> None:
        if self._shown:
            self._write(_ERASE)
            self._shown = False

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a terminal that is gone shows nothing, and the work goes on
            self._stream.write(text)
            self._stream.flush()

    def _width(self) -> int:
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return (columns or _COLUMNS) - 1


@contextmanager
def progress_line(stream: TextIO, *, wanted: bool) -> Iterator[ProgressLine | None]:
    """Give the line for as long as the block lasts; None where it is not wanted, or there is no terminal."""
    if not wanted or os.environ.get("TERM") == "dumb" or not stream.isatty():
        yield None
        return
    line = ProgressLine(stream)
    try:
        yield line
    finally:
        line.end()
