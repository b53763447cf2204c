"""The head of a ledger as a small text that is signed and kept elsewhere."""

from __future__ import annotations

import re

from cutter.errors import LedgerError
from cutter.named_tuple import NamedTuple

_TITLE = "cutter ledger checkpoint v1"
_FORM = re.compile(
    rf"{_TITLE}\nledger (?P<ledger>[0-9a-f]{{32}})\nseq (?P<seq>[1-9][0-9]{{0,17}})\n"
    r"hash (?P<hash>v1:[0-9a-f]{64})\nat (?P<at>[0-9T:.Z-]{20,30})\n"
)
_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
_NAME = re.compile(r"checkpoint-[0-9]{12,18}\.txt")


class Checkpoint(NamedTuple):
    """What the last entry was at some time: of which ledger, its number, its hash and when it was made."""

    ledger: str
    seq: int
    hash: str
    at: str

    def text(self) -> str:
        """Return the one text form, whose bytes can be signed."""
        return f"{_TITLE}\nledger {self.ledger}\nseq {self.seq}\nhash {self.hash}\nat {self.at}\n"

    @property
    def file_name(self) -> str:
        """The name of its file in a folder of checkpoints; such names sort by the entry's number."""
        return f"checkpoint-{self.seq:012d}.txt"


class KeptCheckpoint(NamedTuple):
    """A checkpoint as a file has it, with the armored signature that follows its text, or an empty one."""

    place: str
    checkpoint: Checkpoint
    signature: bytes


def parse_checkpoint(text: str, place: str = "") -> Checkpoint:
    """Return the checkpoint that `text` is, to the byte. Raises LedgerError."""
    found = _FORM.fullmatch(text)
    if found is None:
        remedy = "export one with: cutter ledger checkpoint"
        raise LedgerError(f"this is not a {_TITLE!r}", place=place, remedy=remedy)
    return Checkpoint(found["ledger"], int(found["seq"]), found["hash"], found["at"])


def parse_kept(content: bytes, place: str) -> KeptCheckpoint:
    """Return what a file of a checkpoint holds; its signature is not judged. Raises LedgerError."""
    at = content.find(_SIGNATURE)
    text, signature = (content[:at], content[at:]) if at >= 0 else (content, b"")
    checkpoint = parse_checkpoint(text.decode("ascii", "replace"), place)
    return KeptCheckpoint(place, checkpoint, signature)


def is_checkpoint_name(name: str) -> bool:
    """Tell whether a file is called like a checkpoint in a folder of them."""
    return _NAME.fullmatch(name) is not None
