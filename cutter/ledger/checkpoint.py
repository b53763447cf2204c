"""The head of a ledger as a small text that a person can sign and keep elsewhere."""

from __future__ import annotations

import re
from typing import NamedTuple

from cutter.errors import LedgerError

_TITLE = "cutter ledger checkpoint v1"
_FORM = re.compile(
    rf"{_TITLE}\nledger (?P<ledger>[0-9a-f]{{32}})\nseq (?P<seq>[1-9][0-9]{{0,17}})\n"
    r"hash (?P<hash>v1:[0-9a-f]{64})\nat (?P<at>[0-9T:.Z-]{20,30})\n"
)


class Checkpoint(NamedTuple):
    """What the last entry was at some time: of which ledger, its number, its hash and when it was made."""

    ledger: str
    seq: int
    hash: str
    at: str

    def text(self) -> str:
        """Return the one text form, whose bytes can be signed."""
        return f"{_TITLE}\nledger {self.ledger}\nseq {self.seq}\nhash {self.hash}\nat {self.at}\n"


def parse_checkpoint(text: str, place: str = "") -> Checkpoint:
    """Return the checkpoint that `text` is, to the byte. Raises LedgerError."""
    found = _FORM.fullmatch(text)
    if found is None:
        remedy = "export one with: cutter ledger checkpoint"
        raise LedgerError(f"this is not a {_TITLE!r}", place=place, remedy=remedy)
    return Checkpoint(found["ledger"], int(found["seq"]), found["hash"], found["at"])
