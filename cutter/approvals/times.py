"""Moments as a request writes them: UTC, to the second."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FORM = "%Y-%m-%dT%H:%M:%SZ"
_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def written(seconds: float) -> str:
    """Return a moment, Unix seconds, as ``2026-07-01T12:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime(_FORM)


def moment(text: str) -> int:
    """Return the Unix seconds of a moment as `written` gives it. Raises ValueError for another form."""
    if not _PATTERN.fullmatch(text):
        raise ValueError(f"{text!r} is not a moment")
    return int(datetime.strptime(text, _FORM).replace(tzinfo=UTC).timestamp())
