"""The guard before anything is cut: a row must carry genuine text, not something that stands in for it."""

from __future__ import annotations

import re
from functools import lru_cache

from cutter.cut.rows import CutplanRow, MarkRow
from cutter.errors import InvalidDocument

INVISIBLE = (
    " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\xad\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
"""What shows nothing; named here, so that every version of Python means the same."""

_HIDDEN_MARKS = "\xad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_HIDDEN = re.compile(f"[{_HIDDEN_MARKS}]")
_AROUND = INVISIBLE + ".!?:;,…*_`'\"-\u2013\u2014"
_BECOME_S = "\u017f\xdf"  # in capitals, the long s and the sharp s have an S that ASCII knows
_DASHES = re.compile("[\u2010-\u2015\u2212_ \t]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_SHADOW = re.compile(r"\bO\d+-?DRY-?RUN|DRY-?RUN-?SHADOW|\bO\d+-[A-Z0-9]+-SHADOW\b")
_MARKUP = re.compile(
    r"(?:\{\{.*\}\}|<[a-z_ -]+>|\[(?:insert|add|your|body|title|text|placeholder)\b[^\]]*\])"
    r"|(?:lorem ipsum\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_STAND_INS = frozenset({
    "BODY", "CONTENT", "DUMMY", "EXAMPLE TEXT", "FIXME", "FOO", "INSERT TEXT HERE", "MISSING", "N/A", "NONE",
    "NULL", "PLACEHOLDER", "PLACEHOLDER TEXT", "SAMPLE TEXT", "SHADOW", "STUB", "TBA", "TBC", "TBD",
    "TEXT HERE", "TO BE ADDED", "TO BE DEFINED", "TO BE DETERMINED", "TO BE DONE", "TODO", "UNDEFINED",
    "UNTITLED", "XXX",
})  # fmt: skip
_LONGEST = 80


def guard(row: CutplanRow | MarkRow) -> None:
    """Let a row of genuine text pass. Raises InvalidDocument naming every field that has none.

    Looked at are body, title, unit_kind and section_type.
    """
    found = [*placeholder(row), *empty(row)]
    if found:
        raise InvalidDocument(
            "\n".join(f"{row.unit_ref}: {what}" for what in found),
            place=f"{row.owner_ref} {row.unit_ref}",
            remedy="cut from the genuine text of the document",
        )


def placeholder(row: CutplanRow | MarkRow) -> list[str]:
    """Return what in a row stands in for genuine text, a sentence for each field."""
    found = []
    for name, word in (("unit_kind", row.unit_kind), ("section_type", row.section_type)):
        if not _is_kind(word):
            found.append(f"{name} {word[:_LONGEST]!r} is not a kind of unit")
    for name, text in (("title", row.title), ("body", row.body)):
        if _stands_in(text):
            found.append(f"{name} is a placeholder: {text.strip(INVISIBLE)[:_LONGEST]!r}")
    return found


def empty(row: CutplanRow | MarkRow) -> list[str]:
    """Return which of title and body show nothing."""
    return [f"{name} is empty" for name in ("title", "body") if not getattr(row, name).strip(INVISIBLE)]


@lru_cache(maxsize=256)  # the same few words come with every row
def _is_kind(word: str) -> bool:
    return bool(_WORD.fullmatch(word)) and not _stands_in(word)


def _stands_in(text: str) -> bool:
    if not text.isascii() and any(mark in text for mark in _HIDDEN_MARKS):
        text = _HIDDEN.sub("", text)
    if _may_be_shadow(text) and _SHADOW.search(_DASHES.sub("-", text.upper())):
        return True
    bare = text.strip(_AROUND)
    if not bare:
        return bool(text.strip(INVISIBLE))
    if bare[:11].lower() == "lorem ipsum":
        return True
    if len(bare) > _LONGEST:
        return False
    return bare.strip("[]()<>{} ").upper() in _STAND_INS or bool(_MARKUP.fullmatch(bare))


def _may_be_shadow(text: str) -> bool:
    """Tell whether it is worth a closer look; bytes are put into capitals ten times as fast as text is."""
    if not text.isascii() and (_BECOME_S[0] in text or _BECOME_S[1] in text):
        return True
    upper = text.encode("utf-8", "surrogatepass").upper()
    return b"SHADOW" in upper or b"DRY" in upper
