"""Signed checkpoints of the ledger, left outside by every run, and by whatever else adds to it.

Before anything is added, the ledger is compared with the newest one there. What is in the ledger says that a
checkpoint is made; the file says that it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cutter.app.afterwards import AFTERWARDS
from cutter.errors import CheckpointMissing, CutterError, LedgerError
from cutter.ledger.chain import Entry
from cutter.ledger.checkpoint import KeptCheckpoint, is_checkpoint_name, parse_kept
from cutter.ledger.sqlite import SqliteLedger

if TYPE_CHECKING:
    from cutter.app.workspace import Workspace
    from cutter.model.inventory import CheckpointKey

ENTRY = "checkpoint"
"""The kind of the ledger's entries about checkpoints: one that is made now, or why none could be."""
_LARGEST = 64 * 2**10


@contextmanager
def checkpointed(workspace: Workspace, ledger: SqliteLedger) -> Iterator[None]:
    """Leave a checkpoint when this block is over and has added entries, however it ends.

    Raises LedgerError before it begins, when the newest checkpoint remembers another ledger than this one.
    That none could be left changes nothing else: it is recorded, and told when the command is over.
    """
    refuse_contradicted(workspace, ledger)
    before = ledger.head()
    try:
        yield
    finally:
        if ledger.head() != before:
            leave_checkpoint(workspace, ledger)


def refuse_contradicted(workspace: Workspace, ledger: SqliteLedger) -> None:
    """Raise LedgerError when the newest checkpoint outside does not count, or remembers another ledger."""
    if workspace.environment.checkpoint_to:
        Checkpoints(workspace, ledger).refuse_contradicted()


def leave_checkpoint(workspace: Workspace, ledger: SqliteLedger) -> None:
    """Leave a checkpoint of what was added since the last one; record and note where that cannot be done."""
    head = ledger.head() if workspace.environment.checkpoint_to else None
    if head is not None and head.kind != ENTRY:
        Checkpoints(workspace, ledger).leave()


class Checkpoints:
    """The checkpoints of one environment's ledger."""

    def __init__(self, workspace: Workspace, ledger: SqliteLedger) -> None:
        """Take an environment that says where they are and which key signs them."""
        self.workspace = workspace
        self.ledger = ledger
        self.folder = workspace.environment.checkpoint_to

    def refuse_contradicted(self) -> None:
        """Raise LedgerError when the newest one does not count, or remembers another ledger than this one."""
        names = checkpoint_names(self.folder)
        if not names:
            return
        compare = self.workspace.command("ledger", "verify", "--checkpoint", self.folder)
        try:
            newest = read_named(self.folder, names[-1])
            demand_signed(newest, key_of(self.workspace))
        except LedgerError as error:
            remedy = f"see who left it there, and move it away; then: {compare}"
            raise LedgerError(error.cause, place=error.place, remedy=remedy) from None
        for finding in self.ledger.against(newest.checkpoint):
            raise LedgerError(finding.message, place=newest.place, remedy=f"see what was done: {compare}")

    def leave(self) -> None:
        """Leave one of the ledger as it is now; record and note it where that cannot be done."""
        try:
            self._leave()
        except CutterError as error:
            with suppress(CutterError):  # a ledger that cannot be written to has been told of already
                self._note({"missing": error.cause})
            AFTERWARDS.append(_missing(self.folder, error))

    def _leave(self) -> None:
        newest = self._newest_seen()
        self._note({"key": key_of(self.workspace).fingerprint, "follows": newest})
        content = signed_checkpoint(self.workspace, self.ledger)
        checkpoint = parse_kept(content, self.folder).checkpoint
        _write_new(os.path.join(self.folder, checkpoint.file_name), content)

    def _newest_seen(self) -> int:
        """Return the number of the newest one there, 0 for none. Raises LedgerError when some are gone.

        An empty folder is what an unmounted place looks like.
        """
        if not os.path.isdir(self.folder):
            raise LedgerError("there is no such folder: it is never made here, since it is to be outside")
        newest = newest_number(self.folder)
        known = [body["follows"] for body in self._own_entries() if "follows" in body]
        if known and newest < known[-1]:
            raise LedgerError(
                f"the checkpoint of entry {known[-1]} is there no longer: is the place mounted?"
            )
        return newest

    def _own_entries(self) -> Iterator[dict[str, int]]:
        bodies = (entry.content() for entry in self.ledger.entries(kinds={ENTRY}))
        return (body for body in bodies if body["to"] == self.folder)

    def _note(self, body: dict[str, object]) -> tuple[Entry, ...]:
        common = {"environment": self.workspace.environment.name, "to": self.folder}
        return self.ledger.append([(ENTRY, {**common, **body})])


def _missing(folder: str, error: CutterError) -> CheckpointMissing:
    cause = f"no checkpoint of the ledger could be left outside: {error.cause}"
    world = "what the command did stands; how its runs ended is as it says, and as `cutter runs` shows"
    remedy = error.remedy or "put that right; the next run leaves one, which covers this one too"
    return CheckpointMissing(cause, place=folder, world=world, remedy=remedy)


def signed_checkpoint(workspace: Workspace, ledger: SqliteLedger) -> bytes:
    """Return the checkpoint of the ledger as it is, signed and checked as a reader would.

    Without a key in environment.yml it is not signed. Raises LedgerError, and what gpg complains about.
    """
    checkpoint = ledger.checkpoint()
    if checkpoint is None:
        raise LedgerError("there is no ledger yet", place=ledger.path, remedy="the first apply makes it")
    text = checkpoint.text().encode("ascii")
    key = workspace.environment.checkpoint_key
    if key is None:
        return text
    content = text + _signature(text, key)
    demand_signed(parse_kept(content, "the checkpoint that was just made"), key)
    return content


def _signature(text: bytes, key: CheckpointKey) -> bytes:
    from cutter.gpg.signing import signed, signed_in

    return signed_in(key.home, text, key.fingerprint) if key.home else signed(text, key.fingerprint)


def checkpoint_names(folder: str) -> list[str]:
    """Return the names of the checkpoints in a folder, oldest first; none where there is no folder."""
    with suppress(OSError):
        return sorted(filter(is_checkpoint_name, os.listdir(folder)))
    return []


def newest_number(folder: str) -> int:
    """Return the number of the entry that the newest checkpoint in a folder is called after; 0 for none."""
    names = checkpoint_names(folder)
    return int(names[-1][len("checkpoint-") : -len(".txt")]) if names else 0


def read_checkpoint(path: str) -> KeptCheckpoint:
    """Return what the file of a checkpoint holds. Raises LedgerError for anything else."""
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST)
    except OSError as error:
        raise LedgerError(f"this checkpoint cannot be read: {error.strerror}", place=path) from error
    return parse_kept(content, path)


def read_named(folder: str, name: str) -> KeptCheckpoint:
    """Return the checkpoint of that name in a folder. Raises LedgerError where it is called like another."""
    kept = read_checkpoint(os.path.join(folder, name))
    if kept.checkpoint.file_name != name:
        raise LedgerError(f"this is the checkpoint of entry {kept.checkpoint.seq}", place=kept.place)
    return kept


def key_of(workspace: Workspace) -> CheckpointKey:
    """Return the key that signs checkpoints here. Raises ConfigurationError where there is none."""
    from cutter.errors import ConfigurationError

    key = workspace.environment.checkpoint_key
    if key is None:
        cause = "environment.yml names no checkpoint_key, so no signature of a checkpoint can be judged"
        raise ConfigurationError(cause, place=workspace.environment.folder)
    return key


def demand_signed(kept: KeptCheckpoint, key: CheckpointKey) -> None:
    """Raise LedgerError unless a checkpoint is signed by the key, as it stands.

    Raises ConfigurationError without the key's certificate, and Unavailable without gpg.
    """
    from cutter.errors import ConfigurationError
    from cutter.gpg.signatures import BadSignature
    from cutter.gpg.verifying import verified

    if not kept.signature:
        raise LedgerError("this checkpoint is not signed", place=kept.place)
    try:
        with open(key.certificate, "rb") as file:
            certificate = file.read()
    except OSError as error:
        cause = f"the certificate of the checkpoint key cannot be read: {error.strerror}"
        remedy = f"gpg --armor --export {key.fingerprint} > {key.certificate}"
        raise ConfigurationError(cause, place=key.certificate, remedy=remedy) from None
    try:
        verified(kept.checkpoint.text().encode("ascii"), kept.signature, {key.fingerprint: certificate})
    except BadSignature as error:
        raise LedgerError(f"the signature of this checkpoint {error}", place=kept.place) from None


def _write_new(path: str, content: bytes) -> None:
    """Write a file whole, durable and never over another. Raises Conflict, and what the system refuses."""
    from cutter.filesystem.replace import replace
    from cutter.filesystem.walk import existing_parent_of

    with existing_parent_of(path) as place:
        replace(place, None, content, {"mode": "0644"})
