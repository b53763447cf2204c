"""How a value is written so that python-dotenv and docker compose read the same.

What is relied on. python-dotenv 1.2 (``dotenv/parser.py``, ``variables.py``): an unquoted value ends at whitespace
and ``#``; between single quotes ``\\\\`` and ``\\'`` are escapes, between double quotes also ``\\"`` and ``\\n``; a
quote after a backslash does not close; ``${NAME}`` is filled in whatever the quotes; text mode turns a carriage
return into a newline. compose-go (``dotenv/parser.go``, v1 up to v2.13): an unquoted value ends at `` #`` (once: at
any ``#``) and has no escapes; between single quotes nothing is an escape (v1), or only ``\\'`` (v2.13); between
double quotes ``\\n``, ``\\r``, ``\\"`` and ``\\\\`` are; a quote after a backslash does not close (v1); ``$`` is filled
in everywhere but between single quotes.
"""

from __future__ import annotations

import re

_SAFE = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_DOUBLE_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}


class Unwritable(ValueError):
    """No spelling of the value means the same to both readers; the message says why, never the value."""


def spelled(value: str, *, commented: bool = False) -> str:
    """Return the text after ``KEY=``. Raises Unwritable.

    `commented` says that a comment follows on the line; quotes then keep the two apart.
    """
    _refuse(value)
    if _SAFE.fullmatch(value) and not commented:
        return value
    if _fits_single_quotes(value):
        return f"'{value}'"
    if "$" not in value and not value.endswith("\\"):
        return '"' + "".join(_DOUBLE_ESCAPES.get(char, char) for char in value) + '"'
    if _fits_bare(value) and not commented:
        return value
    raise Unwritable(
        "python-dotenv and docker compose have no quoting in common for this mix of quotes, backslashes, $ and line breaks"
    )


def _refuse(value: str) -> None:
    if "\0" in value:
        raise Unwritable("holds a NUL, which no environment can carry")
    if "${" in value:
        raise Unwritable("holds ${, which python-dotenv fills in even between single quotes")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Unwritable("is not valid UTF-8 text") from None


def _fits_single_quotes(value: str) -> bool:
    """Nothing in it that either reader takes for an escape, and no carriage return that text mode would change."""
    return "'" not in value and "\r" not in value and "\\\\" not in value and not value.endswith("\\")


def _fits_bare(value: str) -> bool:
    """Text that both take as it stands: here backslashes and inner quotes have no meaning."""
    return value == value.strip() and value[:1] not in "'\"" and not re.search(r"[\r\n#$]", value)
