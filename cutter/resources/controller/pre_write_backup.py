"""Proof that nothing is written without a verified backup, shown on a scratch copy that is dropped again.

As a step:

    - name: No write without a backup
      pre_write_backup:
        folder: /var/lib/cutter/backups
        home: /var/lib/cutter/gnupg
        env_file: /opt/incomex/docker/.env
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from cutter.backup.declared import ProofDeclared
from cutter.backup.manifest import Manifest
from cutter.backup.pre_write import pre_write_backup
from cutter.backup.taking import take
from cutter.cut.documents import Document, load
from cutter.database.context import DatabaseContext
from cutter.database.scratch import scratch_copy
from cutter.database.switch import held_on
from cutter.errors import BackupFailed, KillSwitchOff, ProofFailed
from cutter.filesystem.leftovers import temporary_name
from cutter.model.canonical import digest
from cutter.model.state import Change, State
from cutter.resource import Content

_LEASE_SECONDS = 600
_TEXT = b"A text that is loaded and rolled back.\n"


class PreWriteBackup(ProofDeclared):
    """The write path, tried on a copy: shut without a backup of the run, open with a verified one.

    Shut as well with one of another database, of another run, or whose file was altered. Its state is the
    newest record of that.
    """

    kind = "pre_write_backup"

    def desired(self) -> State | None:
        """Return that it was proved."""
        return {"verdict": "proved", "subject": self.subject()}

    def apply(self, change: Change, content: Content) -> None:
        """Try the write path. Raises ProofFailed when it is open where it should be shut, BackupFailed."""
        del content
        if self.forget(change):
            return
        with scratch_copy(self.there.provider) as copy, self._aside() as folder:
            trial = _Trial(DatabaseContext(copy, self.there.entries, self.there.run), self.there)
            trial.shut("no backup", None, trial.copy)
            policy = self.policy()._replace(folder=folder)
            manifest = take(copy, policy, self.there.run)
            trial.shut("a backup of another database", manifest, trial.source)
            trial.shut("a backup of another run", manifest._replace(run="another"), trial.copy)
            with _altered(manifest):
                trial.shut("a backup whose file was altered", manifest, trial.copy)
            trial.open(manifest)
        self._told = ({**(self.desired() or {}), "shown": "; ".join(trial.shown)},)

    def subject(self) -> str:
        """Return the digest of folder and key."""
        return digest("pre-write-backup", {"folder": self.folder, "recipient": self.fingerprint()})

    @contextmanager
    def _aside(self) -> Iterator[str]:
        """Yield a folder of its own beside the backups, which is gone afterwards."""
        os.makedirs(self.folder, mode=0o750, exist_ok=True)
        folder = os.path.join(self.folder, temporary_name())
        os.mkdir(folder, 0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


class _Scope:
    """What the run of a trial has: its id, and perhaps a backup."""

    def __init__(self, run: str, backup: Manifest | None) -> None:
        self.run = run
        self.backup = backup


class _Trial:
    """The write path of a copy, asked for with one backup after the other."""

    def __init__(self, copy: DatabaseContext, source: Any) -> None:
        self.copy = copy
        self.source = source
        self.shown: list[str] = []

    def shut(self, named: str, backup: Manifest | None, database: Any) -> None:
        """Show that the path is shut, and that the database itself refuses who does not ask."""
        try:
            pre_write_backup(_Scope(self.copy.run, backup), database)
        except BackupFailed:
            self.shown.append(f"{named}: refused, {BackupFailed.exit_code}")
        else:
            raise ProofFailed(f"the write path was open with {named}")
        try:
            self._write()
        except KillSwitchOff:
            return
        raise ProofFailed(f"something was written with {named}, while the switch was off")

    def open(self, backup: Manifest) -> None:
        """Show that the path is open: behind it the switch goes on, and a document can be loaded."""
        pre_write_backup(_Scope(self.copy.run, backup), self.copy)
        with (
            closing(self.copy.connection("SCRATCH")) as holder,
            held_on(holder, self.copy.run, seconds=_LEASE_SECONDS, by="a trial on a scratch copy"),
        ):
            status = self._write()
        if status != "created":
            raise ProofFailed(f"the write path is open, and loading a document says {status}")
        self.shown.append("a verified backup of this run: open, and rolled back")

    def _write(self) -> str:
        document = Document(f"trial-{os.urandom(4).hex()}", 1, _TEXT, digest("trial", ""))
        with closing(self.copy.connection("WRITER")) as connection:
            try:
                return load(connection, document, self.copy.run)
            finally:
                connection.rollback()


@contextmanager
def _altered(manifest: Manifest) -> Iterator[None]:
    """Have one bit of a backup's file flipped for a moment."""
    with open(manifest.file, "r+b", buffering=0) as file:
        middle = manifest.size // 2
        whole = os.pread(file.fileno(), 1, middle)
        os.pwrite(file.fileno(), bytes([whole[0] ^ 1]), middle)
        try:
            yield
        finally:
            os.pwrite(file.fileno(), whole, middle)
