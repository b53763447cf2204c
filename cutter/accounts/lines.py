"""The lines of a file as C programs have them: a line feed alone ends one.

str.splitlines ends them at eight other signs too, such as a form feed; a line of a file would be two then.
"""

from __future__ import annotations


def lines_of(content: bytes) -> list[str]:
    """Return the lines of a file without what ends them; bytes that are no text come back when encoded."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    return lines if lines[-1] else lines[:-1]
