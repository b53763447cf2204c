"""A second place for backups, off the host: copied, made durable, and compared after copying."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

from cutter.backup.manifest import Manifest, manifest_path, write_manifest
from cutter.backup.policy import Policy
from cutter.backup.proving import demand_described
from cutter.errors import BackupFailed
from cutter.filesystem.leftovers import hold, sweep, temporary_name
from cutter.filesystem.walk import existing_parent_of, sync

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_REMEDY = "make the second place reachable (mount it), or take copy_to away"


def demand_second_place(policy: Policy) -> None:
    """Raise BackupFailed when the second place is not there, may not be written, or is on the same disk."""
    if not policy.copy_to:
        return
    place = policy.copy_to
    if not os.path.isdir(place) or not os.access(place, os.W_OK | os.X_OK):
        raise BackupFailed(f"the second place {place} cannot be reached", place="copy_to", remedy=_REMEDY)
    if policy.off_host and os.stat(place).st_dev == os.stat(policy.folder).st_dev:
        raise BackupFailed(
            f"the second place {place} is on the file system of {policy.folder}: nothing is mounted there",
            place="copy_to",
            remedy=_REMEDY,
        )


def copied(manifest: Manifest, policy: Policy) -> str:
    """Copy a backup and its manifest, and return the path of the copy once a fresh look found it whole.

    Raises BackupFailed; what was copied of it is gone then.
    """
    path = manifest.beside(policy.copy_to)
    sweep(policy.copy_to)
    try:
        _copy(manifest.file, path)
        demand_described(path, manifest)
        write_manifest(manifest, manifest_path(path))
    except BaseException as error:
        for name in (path, manifest_path(path)):
            with suppress(OSError):
                os.unlink(name)
        if isinstance(error, OSError):
            why = os.strerror(error.errno or 0)
            raise BackupFailed(f"{path} cannot be written: {why}", place="copy_to", remedy=_REMEDY) from None
        raise
    return path


def _copy(source: str, path: str) -> None:
    with open(source, "rb") as whole, existing_parent_of(path) as place:
        beside = place.beside(temporary_name())
        fd = os.open(beside.name, _NEW, 0o600, dir_fd=place.fd)
        try:
            hold(fd)
            with open(fd, "wb", closefd=False) as copy:
                shutil.copyfileobj(whole, copy, 1 << 20)
            os.fsync(fd)
            os.rename(beside.name, place.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)
            sync(place)
        finally:
            os.close(fd)
            with suppress(FileNotFoundError):
                os.unlink(beside.name, dir_fd=place.fd)
