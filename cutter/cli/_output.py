"""Output that may go nowhere: a closed terminal or pipe must not take a run with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def outlived(lost: Callable[[], object]) -> Iterator[None]:
    """Print in this block; where nobody can read it any more, call `lost` and be silent from now on."""
    try:
        yield
        sys.stdout.flush()
    except OSError:
        silence()
        lost()


def silence() -> None:
    """Let standard output, and what waits in its buffer, go nowhere."""
    with suppress(OSError, ValueError):  # what is no file has no number
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
