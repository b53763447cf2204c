"""Who hears how far the reading of a long document has come: nobody, unless somebody asks to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Hears = Callable[[str, int, int], None]
"""Told what is being done, how far it has come, and how far it will go; 0 where nobody knows.

Without words: that nothing is being done any more.
"""
_hears: ContextVar[Hears | None] = ContextVar("hears", default=None)


@contextmanager
def heard_by(hears: Hears | None) -> Iterator[None]:
    """Have `hears` told of what is read in the block, in this thread, and of nothing when it ends."""
    before = _hears.set(hears)
    try:
        yield
    finally:
        quiet()
        _hears.reset(before)


def tell(what: str, done: int = 0, total: int = 0) -> None:
    """Tell whoever hears."""
    hears = _hears.get()
    if hears is not None:
        hears(what, done, total)


def quiet() -> None:
    """Tell whoever hears that nothing is being done any more."""
    tell("")
