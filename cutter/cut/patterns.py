"""The patterns by which a grammar says what a heading or a numbered line looks like.

A pattern is the text itself with places in braces: ``Article {1}. {title}``, ``({a}) {body}``. Number places
are {1}, {1A} (3A, 3B between 3 and 4), {a}, {A}, {i}, {I} and the dotted {1.1}, {1.1.1}; {title} and {body}
take the rest of the line and stand last. One space stands for one or more spaces or tabs. There are no
regular expressions in a grammar, so none can be ambiguous or slow.
"""

from __future__ import annotations

import re

from cutter.cut.numbering import expression
from cutter.named_tuple import NamedTuple

_PLACE = re.compile(r"\{([^{}]*)\}")
_BLANKS = re.compile(" +")
_REST = {"title": r"(?P<title>[^ \t].*?)[ \t]*", "body": r"(?P<body>[^ \t].*)"}


class BadPattern(ValueError):
    """A pattern has a place that does not exist, two of a kind, or something after its last place."""


class Pattern(NamedTuple):
    """A compiled pattern; `style` is that of its number, empty where it has none."""

    text: str
    style: str
    regex: re.Pattern[str]


def compiled(text: str) -> Pattern:
    """Compile the text of a pattern. Raises BadPattern."""
    parts: list[str] = []
    style, at, rest = "", 0, ""
    for place in _PLACE.finditer(text):
        parts.append(_literal(text[at : place.start()]))
        word, at = place[1], place.end()
        _refuse_repeated(word, style, rest)
        if word in _REST:
            rest = word
        else:
            style = word
            parts.append(f"(?P<number>{_number(word)})")
    tail = text[at:]
    if rest and tail:
        raise BadPattern(f"{{{rest}}} takes the rest of the line, so nothing may follow it")
    if "{" in tail or "}" in tail:
        raise BadPattern("a brace is not closed")
    return Pattern(text, style, re.compile(_whole(parts, rest, _literal(tail))))


def _whole(parts: list[str], rest: str, tail: str) -> str:
    """Join the parts; a line may end before its body, which then begins on a later one."""
    if rest == "body" and parts and parts[-1].endswith(r"[ \t]+"):
        parts[-1] = parts[-1][: -len(r"[ \t]+")]
        return "".join(parts) + rf"(?:[ \t]+{_REST['body']}|[ \t]*)"
    return "".join(parts) + (_REST[rest] if rest else tail + r"[ \t]*")


def _refuse_repeated(word: str, style: str, rest: str) -> None:
    if rest:
        raise BadPattern(f"{{{rest}}} takes the rest of the line, so nothing may follow it")
    if style and word not in _REST:
        raise BadPattern("a pattern has one number at most; a dotted one is written {1.1}")


def _number(word: str) -> str:
    found = expression(word)
    if found is None:
        known = "{1}, {1.1}, {1A}, {a}, {A}, {i}, {I}, {title} and {body}"
        raise BadPattern(f"there is no place {{{word}}}; there are {known}")
    return found


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise BadPattern("a brace is not closed")
    return _BLANKS.sub(lambda _: r"[ \t]+", re.escape(text).replace(r"\ ", " "))
