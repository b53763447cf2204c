"""Take a backup: under a temporary name until it is proven, then under its own, and in a second place.

Whatever goes wrong is BackupFailed, and leaves nothing but what was there before.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cutter.backup.dumping import Dumped, dump
from cutter.backup.manifest import SUFFIX, Manifest, manifest_path, write_manifest
from cutter.backup.policy import Policy
from cutter.backup.proving import demand_encrypted, demand_readable, sha256_of
from cutter.backup.second_place import copied, demand_second_place
from cutter.database.connections import ConnectionProvider
from cutter.errors import BackupFailed, CutterError, PermissionRefused, StepFailed
from cutter.filesystem.leftovers import hold, sweep, temporary_name
from cutter.filesystem.walk import Place, existing_parent_of, sync
from cutter.gpg.encrypting import usable_key
from cutter.named_tuple import NamedTuple

_MODE = 0o750
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class _Candidate(NamedTuple):
    fd: int
    place: Place


def take(provider: ConnectionProvider, policy: Policy, run: str) -> Manifest:
    """Take a backup of a database, prove it, and return its manifest; files and names are on disk by then.

    Raises BackupFailed; ConfigurationError and Unavailable as the database and its programs do.
    """
    usable_key(policy.home, policy.recipient, ["encrypt", "sign"], secret=True)
    _demand_folder(policy.folder)
    demand_second_place(policy)
    sweep(policy.folder)
    with _failing_as_backup(policy.folder), _candidate(policy.folder) as candidate:
        dumped = dump(provider, policy, candidate.fd)
        os.fsync(candidate.fd)
        path, key = candidate.place.path, policy.recipient
        demand_encrypted(path, policy.home, key, named="what gpg wrote")
        demand_readable(path, policy.home, key, named="what gpg wrote")
        manifest = _described(candidate, dumped, provider, policy, run)
        _named(candidate, manifest, policy)
    return manifest


def _demand_folder(folder: str) -> None:
    """Make the folder where it is missing; raise BackupFailed for one that others may look into."""
    try:
        with existing_parent_of(folder) as place:
            with suppress(FileExistsError):
                os.mkdir(place.name, _MODE, dir_fd=place.fd)
                os.chmod(place.name, _MODE, dir_fd=place.fd)
                sync(place)
            seen = os.stat(place.name, dir_fd=place.fd, follow_symlinks=False)
    except OSError as error:
        raise BackupFailed(f"{folder} cannot be made: {error.strerror}") from None
    if not stat.S_ISDIR(seen.st_mode) or stat.S_IMODE(seen.st_mode) & ~_MODE:
        raise BackupFailed(
            f"{folder} has to be a directory of mode {_MODE:04o} or narrower",
            remedy=f"chmod {_MODE:o} {folder}",
        )


@contextmanager
def _candidate(folder: str) -> Iterator[_Candidate]:
    with existing_parent_of(os.path.join(folder, temporary_name())) as place:
        fd = os.open(place.name, _NEW, 0o600, dir_fd=place.fd)
        try:
            hold(fd)
            yield _Candidate(fd, place)
        finally:
            os.close(fd)
            with suppress(FileNotFoundError):
                os.unlink(place.name, dir_fd=place.fd)


def _described(
    candidate: _Candidate, dumped: Dumped, provider: ConnectionProvider, policy: Policy, run: str
) -> Manifest:
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    now, name = time.gmtime(seconds), provider.database.name
    within = f"{nanoseconds // 1000:06d}-{os.urandom(3).hex()}"  # two of one second have an order, too
    file = f"{name}-{time.strftime('%Y%m%dT%H%M%SZ', now)}-{within}{SUFFIX}"
    with open(candidate.fd, "rb", closefd=False) as whole:
        sha256 = sha256_of(whole)
    return Manifest(
        file=os.path.join(policy.folder, file),
        sha256=sha256,
        size=os.fstat(candidate.fd).st_size,
        database=name,
        run=run,
        taken_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", now),
        schemas=() if policy.tables else policy.schemas,
        tables=policy.tables,
        encrypted_to=policy.recipient,
        signed_by=policy.recipient,
        **dumped._asdict(),
    )


def _named(candidate: _Candidate, manifest: Manifest, policy: Policy) -> None:
    """Give a proven backup its name, its manifest first: a manifest without a file is no backup."""
    place = candidate.place
    beside = manifest_path(manifest.file)
    try:
        write_manifest(manifest, beside)
        os.rename(place.name, manifest.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)
        sync(place)
        if policy.copy_to:
            copied(manifest, policy)
    except BaseException:
        for path in (manifest.file, beside):
            with suppress(FileNotFoundError):
                os.unlink(path)
        raise


@contextmanager
def _failing_as_backup(folder: str) -> Iterator[None]:
    """Make BackupFailed of what the operating system refuses, or what is in the way of a file."""
    try:
        yield
    except OSError as error:
        raise BackupFailed(
            f"the backup cannot be written: {os.strerror(error.errno or 0)}", place=folder
        ) from None
    except (StepFailed, PermissionRefused) as error:
        raise _as_backup(error) from None


def _as_backup(error: CutterError) -> BackupFailed:
    return BackupFailed(error.cause, place=error.place, remedy=error.remedy)
