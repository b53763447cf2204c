"""Which level a heading or a line belongs to, by the patterns of the grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cutter.cut.grammar import Grammar, Level
from cutter.cut.lines import Piece
from cutter.named_tuple import NamedTuple

_LOOKS_NUMBERED = re.compile(
    r"(?:\(?[0-9]{1,4}(?:\.[0-9]{1,4})*[.)]|[0-9]{1,4}(?:\.[0-9]{1,4})+|\(?[A-Za-z]\)"
    r"|\([ivxlcdm]{1,8}\)|[IVXLCDM]{1,6}\.|§[ \t]*[0-9]+\.?)(?=[ \t]|$)"
)
_FIRST_WORD = re.compile(r"[^\W\d_]{3,}(?=[ \t{])")


class Found(NamedTuple):
    """A level that matches: by its place in the grammar, the number and title as written.

    `body_at` is where in the text of the line the body begins, or -1 where it does not begin there.
    """

    place: int
    level: Level
    style: str
    number: str
    title: str
    body_at: int


class Matcher:
    """The patterns of a grammar, ready to be asked."""

    def __init__(self, grammar: Grammar) -> None:
        """Sort the levels by what they are matched against."""
        self._by_depth: dict[int, list[tuple[int, Level]]] = {}
        for index, level in enumerate(grammar.levels):
            self._by_depth.setdefault(level.heading, []).append((index, level))
        self._texts = [pattern.regex for pattern in grammar.text_patterns]
        self._near = _near_misses(level for _, level in self._by_depth.get(0, ()))
        self._any_line = _any_of(level for _, level in self._by_depth.get(0, ()))

    def heading(self, piece: Piece) -> list[Found]:
        """Return the levels that a heading may be, at most one match for each."""
        return self._levels(piece.depth, piece.text, 0)

    def line(self, piece: Piece) -> list[Found]:
        """Return the levels that a line may be."""
        text = piece.text.lstrip(" \t")
        if not self._any_line.match(text):
            return []
        return self._levels(0, text, len(piece.text) - len(text))

    def is_text(self, piece: Piece) -> bool:
        """Tell whether a line is declared to be plain text although it looks like a unit."""
        text = piece.text.strip(" \t")
        return any(regex.fullmatch(text) for regex in self._texts)

    def looks_like_unit(self, piece: Piece) -> bool:
        """Tell whether a line that no level matches is numbered, or begins as a numbered one should."""
        text = piece.text.lstrip(" \t")
        return bool(_LOOKS_NUMBERED.match(text) or (self._near and self._near.match(text)))

    def _levels(self, depth: int, text: str, indent: int) -> list[Found]:
        found = []
        for index, level in self._by_depth.get(depth, ()):
            one = _match(index, level, text, indent)
            if one is not None:
                found.append(one)
        return found


def _match(index: int, level: Level, text: str, indent: int) -> Found | None:
    for pattern in level.patterns:
        match = pattern.regex.fullmatch(text)
        if match:
            groups = match.groupdict()
            at = indent + match.start("body") if groups.get("body") else -1
            shown = text[: match.start("body")] if groups.get("body") else text
            title = groups.get("title") or shown.strip(" \t")
            return Found(index, level, pattern.style, groups.get("number", ""), title, at)
    return None


def _any_of(levels: Iterable[Level]) -> re.Pattern[str]:
    """Return one expression for all levels, since most lines are none of them."""
    each = [pattern.regex.pattern for level in levels for pattern in level.patterns]
    plain = [re.sub(r"\?P<\w+>", "?:", item) for item in each]
    return re.compile("|".join(f"(?:{item})$" for item in plain) if plain else "(?!)")


def _near_misses(levels: Iterable[Level]) -> re.Pattern[str] | None:
    """Return what begins like a pattern that starts with a word: the word and then a number."""
    patterns = [pattern for level in levels for pattern in level.patterns if pattern.style]
    words = {word[0] for pattern in patterns if (word := _FIRST_WORD.match(pattern.text))}
    if not words:
        return None
    joined = "|".join(re.escape(word) for word in sorted(words))
    return re.compile(rf"(?:{joined})[ \t]*(?:[0-9]|[IVXLCDM]+\b)", re.IGNORECASE)
