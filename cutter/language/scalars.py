"""What a plain (unquoted) YAML scalar means, and which spellings are refused.

YAML 1.1 and 1.2 disagree about many unquoted spellings, and so do people. Accepted are ``true``, ``false``,
``null``, ``~``, nothing at all, and plain decimal integers; whatever one of the two versions would read as
something else than a text is doubtful and must be quoted or written in the accepted way.
"""

from __future__ import annotations

import re
from typing import Any

from cutter.named_tuple import NamedTuple

SUSPECT_FIRST = frozenset("0123456789+-.~yYnNoOtTfF=")
LONGEST = 20
_MEANT = {"": None, "~": None, "null": None, "true": True, "false": False}
_TRUTH = dict.fromkeys(("y", "yes", "on", "true"), True) | dict.fromkeys(("n", "no", "off", "false"), False)
_SPELLINGS = re.compile(r"[a-z]+|[A-Z]+|[A-Z][a-z]*")
_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DIGITS = re.compile(r"[-+]?[0-9][0-9_]*")
_OCTAL = re.compile(r"([-+]?)0o?([0-7_]*[0-7][0-7_]*)")
_HEX = re.compile(r"[-+]?0x[0-9a-fA-F_]+|[-+]?0b[01_]+")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?")


class Doubt(NamedTuple):
    """Why an unquoted text is refused: what it would mean, and what to write instead."""

    what: str
    meant: str = ""
    advice: str = ""


def plain(text: str) -> tuple[Any, Doubt | None]:
    """Return the value of a plain scalar, and the doubt about it if there is one.

    A doubtful octal number keeps the value that YAML 1.1 gives it (0750 is 488), others stay texts.
    """
    if text in _MEANT:
        return _MEANT[text], None
    first = text[0]
    if first not in SUSPECT_FIRST:
        return text, None
    if first in "0123456789+-.":
        return _number(text)
    return text, _word(text)


def _word(text: str) -> Doubt | None:
    lower = text.lower()
    if not _SPELLINGS.fullmatch(text):
        return None
    if lower in _TRUTH:
        truth = "true" if _TRUTH[lower] else "false"
        return Doubt(
            f"{text} unquoted reads as {truth} in YAML 1.1", advice=f'write {truth}, or quote it: "{text}"'
        )
    if lower == "null":
        return Doubt(
            f"{text} unquoted reads as nothing in YAML 1.1", advice=f'write null, or quote it: "{text}"'
        )
    return None


def _number(text: str) -> tuple[Any, Doubt | None]:
    if _DECIMAL.fullmatch(text):
        return int(text), None
    octal = _OCTAL.fullmatch(text)
    if octal and len(text) <= LONGEST:
        value = int(octal[1] + octal[2].replace("_", ""), 8)
        advice = f"unquoted, it is the number {value}"
        return value, Doubt(f"{text} unquoted is the number {value}", meant=text, advice=advice)
    return text, _other_number(text)


def _other_number(text: str) -> Doubt | None:
    if _DIGITS.fullmatch(text) or _HEX.fullmatch(text):
        kind = "a number, spelled in an unusual way"
    elif _SEXAGESIMAL.fullmatch(text):
        kind = "a number of base 60 in YAML 1.1"
    elif _DATE.fullmatch(text):
        kind = "a date in YAML 1.1"
    elif _FLOAT.fullmatch(text):
        kind = "a floating-point number"
    else:
        return None
    return Doubt(f"{text} unquoted is {kind}", meant=text)
