"""Ctrl-C, once: finish the step and settle. Twice: abort."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def graceful_stop() -> Iterator[Callable[[], bool]]:
    """Give a question that tells whether the run was asked to stop.

    The first signal only makes the answer yes; the second raises KeyboardInterrupt where the program stands.
    """
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        asked.append(number)
        if len(asked) > 1:
            raise KeyboardInterrupt
        _tell(f"{signal.Signals(number).name}: finishing the current step; once more aborts it")

    previous = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _tell(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the only word a handler may say
    except OSError:  # the terminal is gone; the run still settles
        return
