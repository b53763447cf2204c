"""How long: ``90s``, ``15m``, ``24h``, ``7d``, ``4w``, ``2y``."""

from __future__ import annotations

import re

PATTERN = "^[1-9][0-9]{0,5}[smhdwy]$"
"""What a duration looks like, for a schema."""
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def seconds_of(duration: str) -> int:
    """Return the seconds of a duration; a year has 365 days. Raises ValueError for what is none."""
    if not re.search(PATTERN[:-1] + r"\Z", duration):
        raise ValueError(f"{duration!r} is not a duration such as 15m, 24h or 7d")
    return int(duration[:-1]) * _UNITS[duration[-1]]
