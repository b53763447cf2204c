"""How a value is written so that python-dotenv and docker compose read the same.

What is relied on. python-dotenv 1.2 (``dotenv/parser.py``, ``variables.py``): an unquoted value ends at
whitespace and ``#``; between single quotes two backslashes, or one before a quote, are an escape, between
double quotes also those of C; a quote after a backslash does not close; ``${NAME}`` is filled in whatever
the quotes; text mode turns a carriage return into a newline. compose-go (``dotenv/parser.go``, v1 up to
v2.13): an unquoted value ends at a space and ``#`` (once: at any ``#``) and has no escapes; between single
quotes nothing is an escape (v1), or only a backslash before a quote (v2.13); between double quotes those of
C are, and of the dollar sign; a quote after a backslash does not close (v1); ``$`` is filled in everywhere
but between single quotes.
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
        "mixes quotes, backslashes, $ and line breaks so that python-dotenv and docker compose"
        " share no quoting for it" + (" before a comment" if commented else "")
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
    """Tell whether no reader sees an escape in it, nor a carriage return that text mode would change."""
    return "'" not in value and "\r" not in value and "\\\\" not in value and not value.endswith("\\")


def _fits_bare(value: str) -> bool:
    """Tell whether all take it as it stands: without quotes, backslashes and inner quotes mean nothing."""
    return value == value.strip() and value[:1] not in "'\"" and not re.search(r"[\r\n#$]", value)
