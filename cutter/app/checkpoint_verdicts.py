"""What checkpoints kept elsewhere say of a ledger: that it is the same one, whole, or where it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from cutter.app.checkpoints import checkpoint_names, demand_signed, key_of, read_checkpoint, read_named
from cutter.app.workspace import Workspace
from cutter.errors import LedgerError
from cutter.ledger.chain import Finding
from cutter.ledger.checkpoint import KeptCheckpoint
from cutter.ledger.sqlite import SqliteLedger
from cutter.named_tuple import NamedTuple


class Compared(NamedTuple):
    """A whole ledger beside its checkpoints, oldest first.

    `findings` are the faults of the chain, what contradicts it, and checkpoints that do not count. `signed`
    says that signatures were judged: that of the newest one, and all where anything contradicts the ledger.
    """

    findings: list[Finding]
    kept: tuple[KeptCheckpoint, ...]
    signed: bool

    @property
    def newest(self) -> int:
        """The number of the entry that the newest one remembers; 0 where none counts."""
        return self.kept[-1].checkpoint.seq if self.kept else 0


def compared(workspace: Workspace, ledger: SqliteLedger, path: str) -> Compared:
    """Compare a ledger with a checkpoint's file, or with every checkpoint in a folder.

    Raises LedgerError for a folder without any and a file that is none; ConfigurationError where there is a
    signature and no key to judge it by. Without a key, a file without a signature is as good as its place.
    """
    spoilt: list[Finding] = []
    kept = tuple(_in_folder(path, spoilt)) if os.path.isdir(path) else (read_checkpoint(path),)
    known = [each.checkpoint for each in kept]
    found = ledger.verify(known)
    bare = not os.path.isdir(path) and not kept[0].signature
    if bare and workspace.environment.checkpoint_key is None:
        return Compared(found, kept, signed=False)
    doubted = any(ledger.against(each) for each in known)
    spoilt += _unsigned(workspace, kept if doubted else kept[-1:])
    return Compared(found + spoilt, kept, signed=True)


def _in_folder(folder: str, spoilt: list[Finding]) -> Iterator[KeptCheckpoint]:
    names = checkpoint_names(folder)
    if not names:
        remedy = "name the folder of `checkpoint_to:`; is the place mounted?"
        raise LedgerError("there is no checkpoint here", place=folder, remedy=remedy)
    for name in names:
        try:
            yield read_named(folder, name)
        except LedgerError as error:
            spoilt.append(Finding(0, "spoilt", f"{error.place}: {error.cause}"))


def _unsigned(workspace: Workspace, kept: Sequence[KeptCheckpoint]) -> Iterator[Finding]:
    key = key_of(workspace)
    for each in kept:
        try:
            demand_signed(each, key)
        except LedgerError as error:
            yield Finding(each.checkpoint.seq, "unsigned", f"{each.place}: {error.cause}")
