"""Before anything is written for real: a verified backup of this very database, taken by this very run.

There is no way to a write that leads around this door: whoever opens the kill switch calls it first.
"""

from __future__ import annotations

from typing import Any, Protocol

from cutter.backup.manifest import Manifest, manifest_path, read_manifest
from cutter.backup.proving import demand_described
from cutter.errors import BackupFailed
from cutter.named_tuple import NamedTuple

_PLACE = "pre_write_backup"
_REMEDY = "have a backup step before the first write: it takes one in every run"


class BackupScope(Protocol):
    """What is asked of the scope of a run: its id, and the backup that its backup step took and proved."""

    @property
    def run(self) -> str:
        """The id of the run."""

    @property
    def backup(self) -> Manifest | None:
        """The manifest of the backup of this run, None until there is one."""


class BackedUp(Protocol):
    """A database that something is to be written to."""

    def identity(self) -> str:
        """Return what tells it from every other."""


def pre_write_backup(scope: BackupScope, database: BackedUp) -> Manifest:
    """Return the verified backup that a run took of a database, after looking at its file once more.

    Raises BackupFailed (14) when there is none, when it is of another run or another database, or when file
    or manifest are not what they were when it was verified. Nothing was written then.
    """
    manifest = scope.backup
    if manifest is None:
        raise BackupFailed(f"run {scope.run} has no verified backup", place=_PLACE, remedy=_REMEDY)
    if not scope.run or manifest.run != scope.run:
        raise BackupFailed(
            f"the backup {manifest.name} was taken by run {manifest.run}, and this is run {scope.run}",
            place=_PLACE,
            remedy=_REMEDY,
        )
    identity = database.identity()
    if manifest.identity != identity:
        raise BackupFailed(
            f"the backup {manifest.name} is of {manifest.identity}, and what is to be written is {identity}",
            place=_PLACE,
            remedy=_REMEDY,
        )
    if read_manifest(manifest_path(manifest.file)).digest != manifest.digest:
        raise BackupFailed(f"the manifest of {manifest.file} was altered since", place=_PLACE, remedy=_REMEDY)
    demand_described(manifest.file, manifest)
    return manifest


def before_production(context: Any) -> None:
    """Ask the same of a step that writes without the kill switch, where its database is production.

    Inside a rehearsal and on a copy nothing is asked: nothing stays there. Raises BackupFailed (14).
    """
    if context.provider.production and not context.rehearsing:
        pre_write_backup(context.scope or _NoScope(context.run), context)


class _NoScope(NamedTuple):
    """A run of which nothing is known."""

    run: str
    backup: Manifest | None = None
