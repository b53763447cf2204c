"""Words in foreign SQL by which it would end its transaction or reach for the guard.

Nothing is stopped by them: PostgreSQL does the stopping. They tell a statement that was refused, or that
swallowed the refusal, from one that only failed.
"""

from __future__ import annotations

import re

_SILENT = re.compile(r"--[^\n]*|/\*.*?\*/|[eE]?'(?:''|\\.|[^'])*'|\"(?:\"\"|[^\"])*\"", re.DOTALL)
_WORDS = re.compile(
    r"\b(?<!on )(?P<end>commit|rollback|abort|prepare\s+transaction)\b(?!\s+(?:drop|delete|preserve))"
    r"|\b(?P<guard>cutter_proof)\b",
    re.IGNORECASE,
)


def suspicion(text: str) -> str:
    """Return what is suspicious about a statement, with its line, or an empty text.

    Comments and quoted texts do not count; the bodies of DO blocks and functions in dollar quotes do.
    """
    spoken = _SILENT.sub(lambda found: "\n" * found.group().count("\n"), text)
    found = _WORDS.search(re.sub(r"[ \t]+", " ", spoken))
    if found is None:
        return ""
    line = spoken.count("\n", 0, _same_place(spoken, found.group())) + 1
    if found["guard"]:
        return f"line {line}: it reaches for the guard"
    return f"line {line}: it tries to end the transaction ({' '.join(found['end'].upper().split())})"


def _same_place(spoken: str, words: str) -> int:
    pattern = r"\s+".join(map(re.escape, words.split()))
    match = re.search(pattern, spoken)
    return match.start() if match else 0
