"""A drill: the newest backup decrypted, restored into a scratch database, and compared with what was dumped.

As a step:

    - name: Drill
      backup_drill:
        folder: /var/lib/cutter/backups
        home: /var/lib/cutter/gnupg
        env_file: /opt/incomex/docker/.env
"""

from __future__ import annotations

from cutter.backup.declared import BackupDeclared
from cutter.backup.drill import drill
from cutter.backup.policy import drill_subject
from cutter.backup.records import DRILLED, drilled_state, newest_taken, records, standing, too_old
from cutter.errors import BackupFailed
from cutter.model.durations import PATTERN
from cutter.model.state import Change, State
from cutter.resource import Content, param


class BackupDrill(BackupDeclared):
    """Proof that a backup can be restored: every table's rows are as they were dumped.

    Its state is the newest record of a drill; a verify reads that again.
    """

    max_age: str | None = param("How long a drill counts, like 30d.", default=None, pattern=PATTERN)

    event = True

    def desired(self) -> State | None:
        """Return that a backup of this folder and key was restored whole."""
        return {"verdict": "restored", "subject": self._subject()}

    def observe(self) -> State | None:
        """Return the newest record of a drill."""
        if self._told is not None:
            return self._told[0]
        subject, newest = self._subject(), None
        for record in records(self.there.entries, self.there.identity()):
            if record.type == DRILLED and record.seen.get("subject") == subject:
                newest = record
        return None if newest is None or too_old(newest, self.max_age) else newest.seen

    def apply(self, change: Change, content: Content) -> None:
        """Restore the newest backup and compare. Raises BackupFailed; the scratch database is dropped."""
        del content
        if self.forget(change):
            return
        taken = newest_taken(self.there.entries, self.there.identity(), self.folder)
        if taken is None:
            raise BackupFailed(
                f"there is no backup of {self.there.database} in {self.folder}", remedy="cutter backup create"
            )
        manifest = standing(taken)
        tables = drill(self.there.provider, self.policy(), manifest)
        self._told = (drilled_state(manifest, self._subject(), tables),)

    def _subject(self) -> str:
        return drill_subject(self.folder, self.fingerprint())
