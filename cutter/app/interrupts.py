"""Ctrl-C, once: finish the step and settle. Twice: abort."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Requests:
    """The requests to stop so far, by signal or because nobody can read what is said any more.

    As `cutter.engine.stopping.Stop` wants it: the first makes the answer yes, and from the second on
    KeyboardInterrupt is raised inside an abortable block.
    """

    recorded = True

    def __init__(self) -> None:
        self._signals = 0
        self._unheard = False
        self._abortable = False

    def __call__(self) -> bool:
        """Tell whether the run was asked to stop."""
        return self._signals > 0 or self._unheard

    def unheard(self) -> None:
        """Ask to stop, since nobody can read any more what is said."""
        self._unheard = True

    @contextmanager
    def abortable(self) -> Iterator[None]:
        """Raise KeyboardInterrupt in this block as soon as there are two signals."""
        self._abortable = True
        try:
            if self._signals > 1:
                raise KeyboardInterrupt
            yield
        finally:
            self._abortable = False

    def note(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        del frame
        self._signals += 1
        if self._signals == 1:
            _tell(f"{signal.Signals(number).name}: finishing the current step; once more aborts it")
        elif self._abortable:
            self._abortable = False  # once is enough: what cleans up is left alone
            raise KeyboardInterrupt


@contextmanager
def graceful_stop() -> Iterator[Requests]:
    """Give what tells whether the run was asked to stop; a signal that nohup made ignored stays so."""
    requests = Requests()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, requests.note) for number in heeded}
    try:
        yield requests
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def interrupt_on_every_signal() -> None:
    """Let SIGTERM and a closed terminal raise KeyboardInterrupt, as Ctrl-C does."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _tell(text: str) -> None:
    """Say it without a buffer: the handler may have interrupted a print."""
    with suppress(OSError):  # the terminal is gone; the run still settles
        os.write(2, f"{text}\n".encode())
