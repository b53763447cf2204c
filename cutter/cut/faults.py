"""What is wrong with a document that is to be cut: every place, with its line and the rule it breaks."""

from __future__ import annotations

from collections.abc import Iterable

from cutter.errors import InvalidDocument
from cutter.named_tuple import NamedTuple

SHOWN = 200
"""How many faults a message lists; `InvalidSource.faults` has them all."""


class Fault(NamedTuple):
    """One refusal: the line, from 1, the rule in one word, and what is wrong there."""

    line: int
    rule: str
    what: str


class InvalidSource(InvalidDocument):
    """A governed document cannot be cut as it stands; `faults` holds every place, by line."""

    def __init__(self, name: str, faults: Iterable[Fault]) -> None:
        """Take the name of the document and its faults; repeated ones are said once."""
        self.name = name
        self.faults = tuple(sorted(dict.fromkeys(faults)))
        told = self.lines()
        more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
        super().__init__(
            "\n".join([*told[:SHOWN], *more]),
            remedy="put the document or its grammar right, then: cutter cutplan DOCUMENT",
        )

    def lines(self) -> list[str]:
        """Return one line of text per fault: ``file:line: rule: what``."""
        return [f"{self.name}:{fault.line}: {fault.rule}: {fault.what}" for fault in self.faults]
