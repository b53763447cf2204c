"""The manifest of a backup: what the file beside it is, as JSON that only this room writes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from cutter.errors import BackupFailed
from cutter.filesystem.replace import replace
from cutter.filesystem.walk import existing_parent_of
from cutter.model.canonical import NotCanonical, digest
from cutter.named_tuple import NamedTuple

SUFFIX = ".dump.gpg"
MANIFEST_SUFFIX = ".json"
_VERSION = 1


class Manifest(NamedTuple):
    """One backup. `file` is its absolute path; `sha256` is over its bytes, as ``sha256:<64 hex>``.

    `identity` tells the database that was dumped from every other, copies of it included; `content` has a
    digest of each table's rows, taken under the very snapshot that was dumped. `taken_at` is UTC; `run` took
    it.
    """

    file: str
    sha256: str
    size: int
    database: str
    identity: str
    run: str
    taken_at: str
    server: str
    dumped_by: str
    snapshot: str
    schemas: tuple[str, ...]
    tables: tuple[str, ...]
    encrypted_to: str
    signed_by: str
    content: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of the file."""
        return os.path.basename(self.file)

    @property
    def digest(self) -> str:
        """The digest that the ledger keeps of this manifest."""
        return digest("backup-manifest", self.body())

    def body(self) -> dict[str, Any]:
        """Return the manifest as plain values."""
        return {"version": _VERSION, **self._asdict(), "content": dict(self.content)}

    def text(self) -> str:
        """Return the manifest as it stands in its file."""
        return json.dumps(self.body(), indent=2, sort_keys=True) + "\n"

    def beside(self, folder: str) -> str:
        """Return where the backup would be in another folder."""
        return os.path.join(folder, self.name)


def manifest_path(file: str) -> str:
    """Return the path of the manifest of a backup's file."""
    return file + MANIFEST_SUFFIX


def read_manifest(path: str) -> Manifest:
    """Return the manifest in a file. Raises BackupFailed when there is none, or it is not one of ours."""
    try:
        with open(path, encoding="utf-8") as file:
            found = _parsed(json.load(file))
    except OSError as error:
        raise BackupFailed(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, NotCanonical):
        raise BackupFailed(
            f"{path} is not the manifest of a backup, or was altered", remedy="take a new backup"
        ) from None
    return found


def _parsed(body: dict[str, Any]) -> Manifest:
    if body.pop("version") != _VERSION:
        raise ValueError("it is of another version")
    lists = {name: tuple(body[name]) for name in ("schemas", "tables")}
    found = Manifest(**{**body, **lists})
    _ = found.digest  # has one only when all of it is plain
    return found


def write_manifest(manifest: Manifest, path: str) -> None:
    """Write a manifest, 0600, in one durable move to a place that must be empty."""
    with existing_parent_of(path) as place:
        replace(place, None, manifest.text().encode(), {"mode": "0600"})
