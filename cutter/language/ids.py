"""The id of a step, made from its name."""

from __future__ import annotations

import re
import unicodedata

ID_PATTERN = "^[A-Za-z_][A-Za-z0-9_-]*$"


def slug(name: str) -> str:
    """Return lower-case words joined by hyphens, accents removed; empty when nothing is left of the name."""
    folded = unicodedata.normalize("NFKD", name.lower().replace("đ", "d")).encode("ascii", "ignore").decode()
    words = "-".join(re.findall("[a-z0-9]+", folded))
    return f"step-{words}" if words[:1].isdigit() else words
