"""Backups outside a run: taken, listed, verified and drilled as the backup step of a runbook says."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from cutter.app.applying import WritingSession, new_run_id
from cutter.app.matrix_file import matrix_path
from cutter.app.workspace import Workspace
from cutter.backup.declared import BackupDeclared
from cutter.backup.drill import drill
from cutter.backup.manifest import Manifest, manifest_path
from cutter.backup.policy import drill_subject
from cutter.backup.proving import demand_encrypted, demand_readable
from cutter.backup.records import (
    DRILLED,
    TAKEN,
    VERIFIED,
    ListedBackup,
    Record,
    drilled_state,
    entry,
    records,
    standing,
)
from cutter.backup.retention import found_in
from cutter.errors import BackupFailed, UsageError
from cutter.filesystem.kept import KeptContent
from cutter.model.state import Change
from cutter.named_tuple import NamedTuple
from cutter.resources import resource_type

DECLARED_IN = "f4.yml"


class DeclaredBackup(NamedTuple):
    """The backup step of a runbook, for its database; `run` is what does something with it now."""

    database: str
    step: BackupDeclared
    run: str


def declared(workspace: Workspace, runbook: str = "", *, run: str = "") -> DeclaredBackup:
    """Return the first backup step of a runbook, else of f4.yml beside the matrix.

    Raises UsageError when it has none, InvalidDocument for a runbook that cannot be read.
    """
    path = runbook or os.path.join(os.path.dirname(matrix_path(workspace)), DECLARED_IN)
    if not os.path.exists(path):
        raise UsageError(
            f"there is no {path}", remedy="name the runbook that declares the backup: --runbook FILE"
        )
    for bound in workspace.job(path).bound:
        for step in bound.steps:
            if step.type == TAKEN:
                made: Any = resource_type(TAKEN)(step.params, workspace.digest_key)
                made.context = workspace.database_context(bound.target, run)
                return DeclaredBackup(bound.target, made, run)
    raise UsageError(f"{path} declares no backup", remedy="name a runbook with a backup step: --runbook FILE")


def create(session: WritingSession, runbook: str = "") -> Mapping[str, Any]:
    """Take a backup as declared, record it, and return what is said of it. Raises BackupFailed."""
    found = declared(session.workspace, runbook, run=new_run_id())
    found.step.apply(Change(None, found.step.desired()), KeptContent(session.workspace.kept_folder))
    seen = found.step.observe() or {}
    taken = standing(Record(TAKEN, "", found.step.there.identity(), found.run, seen))
    _record(session, TAKEN, taken, found.run, seen)
    return seen


def listed(workspace: Workspace, runbook: str = "") -> list[ListedBackup]:
    """Return the backups in the declared folder, newest first; nothing is contacted or decrypted."""
    found = declared(workspace, runbook)
    known = list(records(found.step.there.entries))
    return [_listed(manifest, known) for manifest in reversed(found_in(found.step.folder))]


def verify(session: WritingSession, runbook: str = "", file: str = "") -> Manifest:
    """Look at a backup from outside, read it back whole, and record that. Raises BackupFailed."""
    found = declared(session.workspace, runbook, run=new_run_id())
    manifest = _chosen(found, file)
    path = manifest.beside(os.path.dirname(os.path.abspath(file))) if file else manifest.file
    demand_encrypted(path, found.step.home, found.step.fingerprint())
    demand_readable(path, found.step.home, manifest.signed_by)
    seen = {"verdict": "verified", "manifest": manifest.digest, "file": path}
    _record(session, VERIFIED, manifest, found.run, seen)
    return manifest


def drilled(session: WritingSession, runbook: str = "", file: str = "") -> tuple[Manifest, int]:
    """Restore a backup into a scratch database, compare, and record that. Raises BackupFailed."""
    found = declared(session.workspace, runbook, run=new_run_id())
    manifest = _chosen(found, file)
    tables = drill(found.step.there.provider, found.step.policy(), manifest, file)
    subject = drill_subject(found.step.folder, found.step.fingerprint())
    _record(session, DRILLED, manifest, found.run, drilled_state(manifest, subject, tables))
    return manifest, tables


def _chosen(found: DeclaredBackup, file: str) -> Manifest:
    """Return the backup named, or the newest of the folder; either has to be in the ledger as it is."""
    taken = [record for record in records(found.step.there.entries) if record.type == TAKEN]
    folder = os.path.dirname(os.path.abspath(file)) if file else found.step.folder
    wanted = [record for record in taken if _is_meant(record, found.step.folder, file)]
    if not wanted:
        what = f"{file} is not in this ledger" if file else f"there is no backup in {folder}"
        raise BackupFailed(what, remedy="cutter backup list; cutter backup create")
    return standing(wanted[-1], folder)


def _is_meant(record: Record, folder: str, file: str) -> bool:
    path = str(record.seen.get("file", ""))
    return os.path.basename(path) == os.path.basename(file) if file else os.path.dirname(path) == folder


def _listed(manifest: Manifest, known: Sequence[Record]) -> ListedBackup:
    mine = [record for record in known if os.path.basename(str(record.seen.get("file"))) == manifest.name]
    taken = next((record for record in mine if record.type == TAKEN), None)
    verified = [record.at for record in mine if record.type in (TAKEN, VERIFIED)]
    drills = [record.at for record in mine if record.type == DRILLED]
    recorded = taken is not None and os.path.exists(manifest_path(manifest.file)) and _same(taken, manifest)
    return ListedBackup(manifest, recorded, max(verified, default=""), max(drills, default=""))


def _same(record: Record, manifest: Manifest) -> bool:
    return manifest._replace(file=str(record.seen.get("file"))).digest == record.manifest


def _record(
    session: WritingSession, kind: str, manifest: Manifest, run: str, seen: Mapping[str, Any]
) -> None:
    body = {"environment": session.workspace.environment.name, **entry(kind, manifest, run, seen)}
    session.ledger.append([("backup", body)])
