"""Addresses of units after the Akoma Ntoso naming convention: ``art_3__para_2``.

An address is the parent's address, two underscores, the short name of the part, an underscore and its number.
A number loses blanks, brackets and the punctuation around it, and what separates its parts becomes a hyphen
(1.1.1 is 1-1-1). Parts without a number are nn_1, nn_2, ... below their parent; a second part of one address
gets _2.
"""

from __future__ import annotations

import re

SHORT = {
    "alinea": "al", "article": "art", "chapter": "chp", "citation": "cit", "clause": "cl", "division": "dvs",
    "paragraph": "para", "recital": "rec", "section": "sec", "subchapter": "subchp", "subclause": "subcl",
    "subdivision": "subdvs", "subparagraph": "subpara", "subsection": "subsec",
}  # fmt: skip
"""The short names of the convention; other parts go by their whole name."""
UNNUMBERED = frozenset({"preamble", "preface", "conclusions"})
"""Parts of which a document has one, so that their address has no number."""

_SEPARATORS = re.compile(r"[^0-9A-Za-z]+")


def short_name(section_type: str) -> str:
    """Return the short name of a section type; an underscore, which separates, becomes a hyphen."""
    return SHORT.get(section_type, section_type.replace("_", "-"))


def clean_number(number: str) -> str:
    """Return a number as an address holds it, or nothing when no letter or digit is in it."""
    return _SEPARATORS.sub("-", number).strip("-")


class Addresses:
    """Gives addresses in the order of the document; the same order gives the same addresses."""

    def __init__(self) -> None:
        """Start with none given."""
        self._given: dict[str, int] = {}

    def make(self, prefix: str, name: str, number: str) -> str:
        """Return the address of the next part: below `prefix`, of a short name, with its number or none."""
        start = f"{prefix}__{name}" if prefix else name
        clean = clean_number(number)
        if clean:
            return self._unique(f"{start}_{clean}")
        if name in UNNUMBERED:
            return self._unique(start)
        return self._unique(f"{start}_nn_{self._count(f'{start}_nn')}")

    def _unique(self, address: str) -> str:
        count = self._count(address)
        return address if count == 1 else f"{address}_{count}"  # no name or number has an underscore

    def _count(self, address: str) -> int:
        found = self._given[address] = self._given.get(address, 0) + 1
        return found
