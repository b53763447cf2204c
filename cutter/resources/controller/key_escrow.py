"""The private key of the backups in the hands of a person: exported, and encrypted to their key.

As a step:

    - name: Escrow of the backup key
      key_escrow:
        home: /var/lib/cutter/gnupg
        env_file: /opt/incomex/docker/.env
        certificate: /etc/cutter/escrow.asc
        person: 0123456789ABCDEF0123456789ABCDEF01234567
        file: /srv/offsite/cutter/backup-key.escrow.gpg
"""

from __future__ import annotations

import os

from cutter.backup import escrow
from cutter.backup.declared import KeyDeclared
from cutter.backup.records import records_of
from cutter.errors import BackupFailed, StepFailed
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change, State
from cutter.resource import Content, param


class KeyEscrow(KeyDeclared):
    """A file with the private key, readable by one person only: losing the box loses no backup.

    Nobody but that person can look inside; so what counts is the record of when it was made, the packets of
    the file, and that its bytes are still the same.
    """

    certificate: str = param("File with the person's exported public key.", pattern="^/")
    person: str | None = param(
        "Fingerprint of the person's key; the one key in the certificate's file when it is missing.",
        default=None,
        pattern="^[0-9A-F]{40}$",
    )
    file: str = param("Where the encrypted key lies, off the host if that can be; 0600.", pattern="^/")

    def desired(self) -> State | None:
        """Return that the key is in escrow with the person."""
        return {"verdict": "in escrow", "key": self.fingerprint(), "person": self._person()}

    def observe(self) -> State | None:
        """Return what the record says, when the file is the one that it is about."""
        if self._told is not None:
            return self._told[0]
        sealed, newest = escrow.content_at(self.file), self._newest()
        if sealed is None or newest is None:
            return None
        if bytes_digest(sealed) != newest.get("sha256"):
            return {**newest, "verdict": "altered since it was made"}
        escrow.demand_for(sealed, self.file, self._certificate(), self._person())
        return newest

    def apply(self, change: Change, content: Content) -> None:
        """Export, encrypt, prove, write. What stood there before is kept. Raises BackupFailed."""
        old = escrow.content_at(self.file)
        if old is not None:
            content.keep(old, bytes_digest(old))
        if self.forget(change) or "sha256" in (change.after or {}):
            self._put_back(change.after, content)
            return
        key, person = self.fingerprint(), self._person()
        sealed = escrow.sealed_key(self.home, key, self._certificate(), person)
        escrow.put(self.file, sealed)
        if escrow.content_at(self.file) != sealed:
            raise BackupFailed(f"{self.file} does not hold what was written to it")
        told = {"verdict": "in escrow", "key": key, "person": person, "sha256": bytes_digest(sealed)}
        self._told = ({**told, "file": self.file},)

    def ready(self, change: Change, content: Content) -> None:
        """Raise StepFailed when what the file held before is to come back, and is kept no longer."""
        self._kept(change.after, content)

    def places(self) -> tuple[str, ...]:
        """Return the file."""
        return (self.file,)

    def workplaces(self) -> tuple[str, ...]:
        """Return the folder of the file."""
        return (os.path.dirname(self.file),)

    def _put_back(self, wanted: State | None, content: Content) -> None:
        kept = self._kept(wanted, content)
        if kept is None:
            escrow.remove(self.file)
        else:
            escrow.put(self.file, kept)
        self._told = (wanted,)

    def _kept(self, wanted: State | None, content: Content) -> bytes | None:
        if wanted is None or "sha256" not in wanted:
            return None
        try:
            return content.bytes_of(str(wanted["sha256"]))
        except LookupError:
            raise StepFailed(f"what {self.file} held before is kept no longer") from None

    def _certificate(self) -> bytes:
        return escrow.certificate_in(self.certificate, self._person())

    def _person(self) -> str:
        return self.person or escrow.person_in(self.certificate)

    def _newest(self) -> State | None:
        newest: State | None = None
        for record in records_of({"key_escrow"}, self.there.entries):
            if record.seen.get("file") == self.file:
                newest = record.seen
        return newest
