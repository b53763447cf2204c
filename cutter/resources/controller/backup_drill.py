"""A drill: the newest backup decrypted, restored into a scratch database, and compared with what was dumped.

As a step:

    - name: Drill
      backup_drill:
        folder: /var/lib/cutter/backups
        home: /var/lib/cutter/gnupg
        env_file: /opt/incomex/docker/.env
"""

from __future__ import annotations

from cutter.backup.declared import ProofDeclared
from cutter.backup.drill import drill
from cutter.backup.policy import drill_subject
from cutter.backup.records import DRILLED, drilled_state, newest_taken, standing
from cutter.errors import BackupFailed
from cutter.model.state import Change, State
from cutter.resource import Content


class BackupDrill(ProofDeclared):
    """Proof that a backup can be restored: every table's rows are as they were dumped.

    Its state is the newest record of a drill; a verify reads that again.
    """

    kind = DRILLED

    def desired(self) -> State | None:
        """Return that a backup of this folder and key was restored whole."""
        return {"verdict": "restored", "subject": self.subject()}

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
        self._told = (drilled_state(manifest, self.subject(), tables),)

    def subject(self) -> str:
        """Return the digest of folder and key."""
        return drill_subject(self.folder, self.fingerprint())
