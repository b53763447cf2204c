"""What the ledger remembers of backups: taken, drilled, each with the digest of its manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cutter.backup.manifest import Manifest, manifest_path, read_manifest
from cutter.backup.proving import demand_described
from cutter.errors import BackupFailed
from cutter.model.durations import seconds_of
from cutter.model.gap_evidence import moment
from cutter.named_tuple import NamedTuple

Entries = Callable[[Collection[str]], Iterable[tuple[str, str, Mapping[str, Any]]]]
TAKEN, DRILLED, VERIFIED = "backup", "backup_drill", "backup_verify"
"""What an entry is about, as its `type`; the first two are also step types, and then in its evidence."""
_DONE = "changed"
"""The outcome of what happened then; an `ok` is a later look at the record."""


class Record(NamedTuple):
    """One entry about a backup: when, of which database, by which run, and what was seen."""

    type: str
    at: str
    identity: str
    run: str
    seen: Mapping[str, Any]

    @property
    def manifest(self) -> str:
        """The digest of the manifest that it is about."""
        return str(self.seen.get("manifest", ""))


class ListedBackup(NamedTuple):
    """One backup of a folder; `verified` and `drilled` are when that was last done, empty for never."""

    manifest: Manifest
    recorded: bool
    verified: str
    drilled: str


def records(entries: Entries, identity: str = "") -> Iterator[Record]:
    """Yield what succeeded, oldest first; of one database where its identity is given."""
    yield from records_of((TAKEN, DRILLED, VERIFIED), entries, identity)


def records_of(types: Collection[str], entries: Entries, identity: str = "") -> Iterator[Record]:
    """Yield what succeeded of steps of some types, oldest first."""
    for _, at, body in entries({"evidence", "backup"}):
        known = body.get("type") in types and body.get("outcome") == _DONE
        if known and identity in ("", body.get("identity")):
            seen = body.get("observed") or {}
            yield Record(str(body["type"]), at, str(body["identity"]), str(body["run"]), seen)


def entry(kind: str, manifest: Manifest, run: str, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of an entry of kind `backup`, written where no step's evidence is."""
    about = {"identity": manifest.identity, "database": manifest.database, "run": run}
    return {"type": kind, "outcome": _DONE, **about, "observed": dict(seen)}


def state_of(manifest: Manifest) -> dict[str, Any]:
    """Return what an entry says of a backup that was taken and proven."""
    return {
        "manifest": manifest.digest,
        "file": manifest.file,
        "sha256": manifest.sha256,
        "size": manifest.size,
        "taken_at": manifest.taken_at,
        "encrypted_to": manifest.encrypted_to,
        "signed_by": manifest.signed_by,
    }


def drilled_state(manifest: Manifest, subject: str, tables: int) -> dict[str, Any]:
    """Return what an entry says of a backup that was restored and compared."""
    about = {"manifest": manifest.digest, "file": manifest.file, "tables": tables}
    return {"verdict": "restored", "subject": subject, **about}


def newest_taken(entries: Entries, identity: str, folder: str) -> Record | None:
    """Return the newest backup of a database that was taken into a folder, None where there is none."""
    found = None
    for record in records(entries, identity):
        if record.type == TAKEN and os.path.dirname(str(record.seen.get("file", ""))) == folder:
            found = record
    return found


def too_old(record: Record, max_age: str | None) -> bool:
    """Tell whether what a record is about lies longer back than a duration; never without one."""
    if max_age is None:
        return False
    age = datetime.now(UTC) - moment(record.at)
    return age > timedelta(seconds=seconds_of(max_age))


def standing(record: Record, folder: str = "") -> Manifest:
    """Return the manifest of a recorded backup, after looking that manifest and file are those recorded.

    Raises BackupFailed when one of them is gone, altered, or another one.
    """
    name = str(record.seen.get("file", ""))
    path = os.path.join(folder, os.path.basename(name)) if folder else name
    manifest = read_manifest(manifest_path(path))
    if manifest.digest != record.manifest:
        raise BackupFailed(
            f"the manifest of {path} is not the one that was recorded", remedy="take a new backup"
        )
    demand_described(path, manifest)
    return manifest
