"""For which hosts a step is: what it asks of their facts, and what is left out of a host's plan. Travels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cutter.named_tuple import NamedTuple

FACTS = ("arch", "os.codename", "os.id", "python", "user")
"""The facts that can decide. A plan and the ledger name their values, so none of them is confidential."""
VERSIONED = "python"
"""The fact whose values are versions."""
VERSION = r"(>=|<)?[0-9]+(\.[0-9]+)?"
_BOUND = re.compile(r"(>=|<)(.*)")


class Term(NamedTuple):
    """One condition: the fact has one of these values or, `negated`, none of them.

    A value of `python` is a version: ``3`` and ``3.11`` are any of that kind, ``>=3.9`` and ``<3.12`` bounds.
    """

    fact: str
    values: tuple[str, ...]
    negated: bool = False

    def holds(self, found: str) -> bool:
        """Tell whether what a host says of the fact is what is asked for; what it does not know is empty."""
        fits = _fits_version if self.fact == VERSIONED else str.__eq__
        return any(fits(found, value) for value in self.values) is not self.negated

    def __str__(self) -> str:
        """Return what is asked for, in words."""
        return ("any but " if self.negated else "") + " or ".join(self.values)

    def body(self) -> list[Any]:
        """Return the canonical form: the order of values says nothing."""
        return [self.fact, sorted(self.values), self.negated]


class LeftOut(NamedTuple):
    """A step that is not for a host, and why.

    One that its `hosts:` leave out is not bound there: its id is as declared, and it has no content hash.
    """

    step: str
    content_hash: str
    reason: str

    def body(self) -> dict[str, str]:
        """Return the canonical form."""
        return self._asdict()


def unfit(terms: Sequence[Term], facts: Mapping[str, str]) -> str:
    """Return why a step with these conditions is not for a host with these facts; nothing where it is."""
    for term in terms:
        found = facts[term.fact]
        if not term.holds(found):
            return f"{term.fact} is {found or 'nothing'}, and it is for {term}"
    return ""


def _fits_version(found: str, value: str) -> bool:
    bound = _BOUND.fullmatch(value)
    if bound is None:
        return _numbers(found)[: len(_numbers(value))] == _numbers(value)
    is_older = _numbers(found) < _numbers(bound[2])
    return is_older if bound[1] == "<" else not is_older


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number.isdigit())
