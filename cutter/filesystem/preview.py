"""What a change of content looks like to a person."""

from __future__ import annotations

from typing import Optional

_LARGE = 200_000


def compared(old: bytes, new: bytes, path: str) -> str:
    """Return a unified diff of two texts, or sizes for what is large or no text; empty for equal ones."""
    before, after = _text(old), _text(new)
    if before is None or after is None:
        return f"binary, {len(old)} -> {len(new)} bytes"
    if max(len(old), len(new)) > _LARGE:
        return f"text, {len(old)} -> {len(new)} bytes"
    from difflib import unified_diff

    return "\n".join(unified_diff(_lines(before), _lines(after), path, path, lineterm=""))


def _text(content: bytes) -> Optional[str]:
    try:
        return None if b"\0" in content else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """Split at newlines only, and say where the last one is missing, as diff does."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, last + "\n\\ No newline at end of file"] if last else lines
