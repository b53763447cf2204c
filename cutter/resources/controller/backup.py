"""A backup of the database: dumped, encrypted and signed in one stream, proven, kept, and copied.

As a step:

    - name: Backup
      backup:
        folder: /var/lib/cutter/backups
        home: /var/lib/cutter/gnupg
        env_file: /opt/incomex/docker/.env
        keep: 14
        copy_to: /srv/offsite/cutter
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cutter.backup.declared import BackupDeclared
from cutter.backup.policy import Policy
from cutter.backup.records import TAKEN, Record, records, standing, state_of, too_old
from cutter.backup.retention import found_in, remove, superfluous
from cutter.backup.taking import take
from cutter.errors import BackupFailed
from cutter.model.durations import PATTERN
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, param


class Backup(BackupDeclared):
    """A verified backup of the database, readable with one key only; each run that writes takes one.

    Its state is the newest record of it, together with a look at the file that the record is about. A backup
    is never taken back; `keep` lets the oldest good ones go after a newer one is good.
    """

    keep: int = param("How many good ones stay; 0 keeps all.", default=0, minimum=0)
    copy_to: str | None = param(
        "A second folder, off the host, that gets a copy of each; it has to be there.", default=None
    )
    off_host: bool = param("Whether copy_to must be on another file system than folder.", default=False)
    max_age: str | None = param("How long a backup counts, like 7d.", default=None, pattern=PATTERN)

    event = True
    each_run = True

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Yield complaints, also about a second place that is none."""
        yield from super().check(params)
        if params.get("copy_to") and params["copy_to"] == params.get("folder"):
            yield Complaint(("copy_to",), "is the folder itself")
        if params.get("off_host") and not params.get("copy_to"):
            yield Complaint(("off_host",), "says something about copy_to, which is missing")

    def desired(self) -> State | None:
        """Return that a verified backup is there, of what is declared, encrypted to the key."""
        return {
            "verdict": "verified",
            "subject": self._policy.subject,
            "encrypted_to": self._policy.recipient,
        }

    def observe(self) -> State | None:
        """Return the newest record of such a backup, and how its file is now; in a run, only of that run."""
        if self._told is not None:
            return self._told[0]
        newest = self._newest()
        if newest is None or too_old(newest, self.max_age):
            return None
        try:
            standing(newest)
            if self.copy_to:
                standing(newest, self.copy_to)
        except BackupFailed as problem:
            return {**newest.seen, "verdict": problem.cause}
        return newest.seen

    def apply(self, change: Change, content: Content) -> None:
        """Take a backup. Raises BackupFailed, and leaves what was there before."""
        del content
        if self.forget(change):
            return
        policy = self._policy
        manifest = take(self.there.provider, policy, self.there.run)
        self._told = ({**state_of(manifest), "verdict": "verified", "subject": policy.subject},)
        if self.keep:
            for folder in filter(None, (self.folder, self.copy_to)):
                remove(superfluous(found_in(folder), records(self.there.entries), manifest, self.keep))
        if self.there.scope is not None:
            self.there.scope.backup = manifest

    @property
    def _policy(self) -> Policy:
        return self.policy(keep=self.keep, copy_to=self.copy_to or "", off_host=self.off_host)

    def _newest(self) -> Record | None:
        subject, run = self._policy.subject, self.there.run
        newest = None
        for record in records(self.there.entries, self.there.identity()):
            mine = record.type == TAKEN and record.seen.get("subject") == subject
            if mine and run in ("", record.run):
                newest = record
        return newest
