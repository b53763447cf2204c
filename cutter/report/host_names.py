"""Names of many hosts in few words: web1, web2, web3, db becomes ``web[1-3], db``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")
_FEW = 3
"""So many numbers in a row are worth a range."""


def compact(names: Iterable[str]) -> str:
    """Return the names, in natural order, with numbers in a row as ranges."""
    parts = sorted(map(_parts, names))
    families = groupby(parts, key=lambda part: (part[0], part[1], part[3]))
    return ", ".join(word for _, family in families for word in _ranged(list(family)))


def shortened(names: Iterable[str], most: int) -> str:
    """Return the names in so many words at most, and how many words were left out."""
    words = compact(names).split(", ")
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _parts(name: str) -> tuple[str, int, int, str]:
    """Return what stands before a number, the number's width where it begins with 0, the number, the rest."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return name, 0, -1, ""
    digits = found[2]
    return found[1], len(digits) if digits.startswith("0") or len(digits) > 1 else 1, int(digits), found[3]


def _ranged(family: list[tuple[str, int, int, str]]) -> Iterator[str]:
    rows = groupby(enumerate(family), key=lambda pair: pair[1][2] - pair[0])
    for _, row in rows:
        members = [member for _, member in row]
        if len(members) < _FEW:
            yield from map(_name, members)
        else:
            before, width, first, after = members[0]
            yield f"{before}[{first:0{width}d}-{members[-1][2]:0{width}d}]{after}"


def _name(member: tuple[str, int, int, str]) -> str:
    before, width, number, after = member
    return f"{before}{number:0{width}d}{after}" if number >= 0 else before
