"""A reader with the rules of docker compose (compose-go v2.13, ``dotenv/parser.go``).

It differs from the original in two things. Where that one gives up the whole file, this one goes on with
the next line, so that one bad line does not hide what is said of all the others. And the end of the text
ends a bare name as a line break does; the original takes it for a value without a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Optional

from cutter.named_tuple import NamedTuple

_SPACE = " \t\v\f\r\x85\xa0"
_WHITE = _SPACE + "\n\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_BLANK_OR_COMMENT = re.compile(rf"[{_WHITE}]*(?:#[^\n]*(?:\n[{_WHITE}]*|\Z))*")
_EXPORT = re.compile(rf"export(?=[\t\n\f\r ])[{_SPACE}]*")
_KEY = re.compile(rf"([\w.\-\[\]{_SPACE}]*)([=:\n]|\Z)[{_SPACE}]*")
_QUOTED = {quote: re.compile(rf"{quote}((?:\\.|[^{quote}\\])*){quote}", re.DOTALL) for quote in "'\""}
_ESCAPE = re.compile(r'\\(?:[abcfnrtv$"\\]|0\d{0,3})')
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


class Reading(NamedTuple):
    """One statement: `value` is None where the environment decides; `start` is an offset into the text."""

    key: str
    value: Optional[str]
    start: int


def readings(text: str) -> Iterator[Reading]:
    """Yield every statement of the text, in order; of several for one key the last one counts."""
    at = 1 if text.startswith("\ufeff") else 0
    while True:
        at = _end_of(_BLANK_OR_COMMENT.match(text, at), at)
        if at >= len(text):
            return
        reading, end = _statement(text, at)
        if reading is not None:
            yield reading
        at = end if end > at else _next_line(text, at)


def effective(text: str) -> dict[str, Optional[str]]:
    """Return what each key is set to in the end; None where the environment would be asked."""
    return {reading.key: reading.value for reading in readings(text)}


def _statement(text: str, start: int) -> tuple[Optional[Reading], int]:
    """Return the statement and its end, or None and where to go on."""
    key = _KEY.match(text, _end_of(_EXPORT.match(text, start), start))
    if key is None:
        return None, _next_line(text, start)
    name = key.group(1).rstrip(_WHITE)
    if " " in name:
        return None, _next_line(text, start)
    if key.group(2) not in {"=", ":"}:
        return Reading(name, None, start), key.end()
    value, end = _value(text, key.end())
    return (Reading(name, value, start), end) if end else (None, _next_line(text, start))


def _value(text: str, at: int) -> tuple[Optional[str], int]:
    """Return a value and its end; the end is 0 for a quote that never closes."""
    quote = text[at : at + 1]
    if quote not in _QUOTED:
        end = _next_line(text, at)
        return _filled(text[at:end].removesuffix("\n").split(" #", 1)[0].rstrip(_WHITE)), end
    found = _QUOTED[quote].match(text, at)
    if found is None:
        return None, 0
    inner = found.group(1)
    if quote == "'":
        return _without_escaped("'", inner), found.end()
    return _filled(_ESCAPE.sub(_unescaped, _without_escaped('"', inner))), found.end()


def _without_escaped(quote: str, inner: str) -> str:
    """Drop the backslash of an escaped quote; other pairs stay, and their second half is no escape."""
    return re.sub(
        r"\\(.)", lambda pair: quote if pair.group(1) == quote else pair.group(0), inner, flags=re.DOTALL
    )


def _unescaped(match: re.Match[str]) -> str:
    letters = match.group(0)[1:]
    if letters == "$":
        return "$$"
    if letters.startswith("0"):
        octal = re.fullmatch(r"0([0-3][0-7]{2})", letters)
        return chr(int(octal.group(1), 8)) if octal else "\\" + letters[1:]
    return _ESCAPED.get(letters, match.group(0))


def _filled(value: str) -> Optional[str]:
    """Return the value when no variable has to be filled in; ``$$`` stands for one dollar sign."""
    return None if "$" in value.replace("$$", "") else value.replace("$$", "$")


def _next_line(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _end_of(match: Optional[re.Match[str]], otherwise: int) -> int:
    return otherwise if match is None else match.end()
