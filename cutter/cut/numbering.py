"""How parts are numbered: the styles a pattern may name, what each number is worth, and which comes next."""

from __future__ import annotations

import re

_DECIMAL = "(?:0|[1-9][0-9]{0,8})"
_ROMAN = "m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_ROMAN_WORTH = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
    (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_DOTTED = re.compile(r"1(?:\.1){1,8}")
_LETTERS = 26

STYLES = {
    "1": _DECIMAL,
    "1A": f"{_DECIMAL}[A-Z]{{0,2}}",
    "a": "[a-z]{1,3}",
    "A": "[A-Z]{1,3}",
    "i": f"(?=[ivxlcdm]){_ROMAN}",
    "I": f"(?=[IVXLCDM]){_ROMAN.upper()}",
}
"""The regular expression of each style but the dotted ones (1.1, 1.1.1, ...)."""

Worth = tuple[int, ...]
"""What a number counts, compared part by part; a dotted number by its last part alone."""


def expression(style: str) -> str | None:
    """Return the regular expression of a style, or None where there is no such style."""
    if _DOTTED.fullmatch(style):
        return r"\.".join([_DECIMAL] * (style.count(".") + 1))
    return STYLES.get(style)


def worth(style: str, number: str) -> Worth:
    """Return what a number of a style counts."""
    if style in ("a", "A"):
        return (_letters(number.upper()),)
    if style in ("i", "I"):
        return (_roman(number.lower()),)
    last = number.rpartition(".")[2]
    digits = last.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return (int(digits), _letters(last[len(digits) :]))


def follows(previous: Worth, found: Worth) -> bool:
    """Tell whether a number is the one after another: 4 after 3 or 3B, and 3A after 3 where letters count."""
    if found == (previous[0] + 1, *[0] * (len(found) - 1)):
        return True
    return len(found) > 1 and found == (previous[0], previous[1] + 1)


def _letters(text: str) -> int:
    """Return a as 1, z as 26, aa as 27; nothing as 0."""
    found = 0
    for letter in text:
        found = found * _LETTERS + ord(letter) - ord("A") + 1
    return found


def _roman(text: str) -> int:
    found = 0
    for value, letters in _ROMAN_WORTH:
        while text.startswith(letters):
            found += value
            text = text[len(letters) :]
    return found
