"""Colour for a terminal, and none elsewhere; words always say what colour says."""

from __future__ import annotations

import os
from typing import TextIO

_CODES = {"good": "32", "change": "33", "bad": "31", "faint": "2", "strong": "1", "alarm": "1;37;41"}


def wants_colour(stream: TextIO, *, refused: bool = False) -> bool:
    """Tell whether to colour a stream: a terminal that is not dumb, and neither flag nor NO_COLOR."""
    if refused or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def paint(text: str, role: str, *, colour: bool) -> str:
    """Return the text in the colour of a role (good, change, bad, faint, strong, alarm)."""
    return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if colour else text


def printable(text: str) -> str:
    """Return text with control characters escaped, so that what was read elsewhere cannot move the cursor."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
