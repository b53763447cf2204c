"""An oracle: the older rules of docker compose for a file, after compose-go v1 ``dotenv/parser.go``.

What differs from v2.13, which the product follows: between quotes a quote closes unless the character
before it is a backslash, and what is between single quotes is taken as it stands. It stops at the first
thing it cannot read.
"""

from __future__ import annotations

import re

SPACE = "\t\v\f\r \x85\xa0"
WHITE = SPACE + "\n"


class Refused(ValueError):
    """The reader gives up the file, or would fill in a variable."""


def read(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = text.lstrip(WHITE)
    while rest:
        if rest.startswith("#"):
            rest = rest.partition("\n")[2].lstrip(WHITE)
            continue
        key, rest, inherited = _key(rest)
        if not inherited:
            found[key], rest = _value(rest)
        rest = rest.lstrip(WHITE)
    return found


def _key(text: str) -> tuple[str, str, bool]:
    text = re.sub(r"^export[\t\n\f\r ]+", "", text).lstrip(SPACE)
    for index, char in enumerate(text):
        if char in "=:\n":
            key = text[:index].rstrip(WHITE)
            if " " in key:
                raise Refused("a space in a key")
            return key, text[index + 1 :].lstrip(SPACE), char == "\n"
        if not (char in SPACE or char in "_.-[]" or char.isalnum()):
            raise Refused("a character that no key has")
    raise Refused("a key without an end")


def _value(text: str) -> tuple[str, str]:
    quote = text[:1]
    if quote not in ("'", '"'):
        line, _, rest = text.partition("\n")
        return _filled(line.partition(" #")[0].rstrip(WHITE)), rest
    for index in range(1, len(text)):
        if text[index] == quote and text[index - 1] != "\\":
            inner = text[1:index]
            return (inner if quote == "'" else _filled(_unescaped(inner))), text[index + 1 :]
    raise Refused("a quote that does not close")


def _unescaped(inner: str) -> str:
    meanings = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$$"}
    return re.sub(r'\\([nrt"\\$])', lambda match: meanings[match.group(1)], inner)


def _filled(value: str) -> str:
    if "$" in value:
        raise Refused("a variable")
    return value
