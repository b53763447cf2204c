"""How many backups stay: the newest good ones, and whatever is not known to be ours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress

from cutter.backup.manifest import SUFFIX, Manifest, manifest_path, read_manifest
from cutter.backup.records import TAKEN, Record
from cutter.errors import BackupFailed
from cutter.filesystem.walk import existing_parent_of, sync


def found_in(folder: str) -> list[Manifest]:
    """Return the manifests in a folder whose file is there too, oldest first; others are left out."""
    found = []
    with suppress(FileNotFoundError):
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name.endswith(SUFFIX):
                with suppress(BackupFailed):
                    found.append(read_manifest(manifest_path(path))._replace(file=path))
    return sorted(found, key=lambda manifest: (manifest.taken_at, manifest.name))


def superfluous(
    found: Sequence[Manifest], known: Iterable[Record], newest: Manifest, keep: int
) -> list[Manifest]:
    """Return the backups of the same database that may go, oldest first; keep is 1 at least.

    Only what the ledger has as taken and proven counts, and only that goes; `newest` always stays.
    """
    proven = {record.manifest for record in known if record.type == TAKEN} | {newest.digest}
    same = [each for each in found if (each.identity, each.database) == (newest.identity, newest.database)]
    good = [each for each in same if each._replace(file=_as_made(each, newest)).digest in proven]
    others = [each for each in good if each.name != newest.name]
    return others[: max(0, len(others) - (max(keep, 1) - 1))]


def remove(manifests: Iterable[Manifest]) -> None:
    """Remove backups, each with its manifest, the file first: a manifest alone is no backup."""
    for manifest in manifests:
        with existing_parent_of(manifest.file) as place:
            for name in (place.name, os.path.basename(manifest_path(manifest.file))):
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=place.fd)
            sync(place)


def _as_made(manifest: Manifest, newest: Manifest) -> str:
    """Return the path under which a manifest was written, of which a copy elsewhere keeps the digest."""
    return os.path.join(os.path.dirname(newest.file), manifest.name)
