"""A file takes the place of another, or of nothing, as a whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Optional

from cutter.errors import Conflict, Overtaken, StalePlan, StepFailed
from cutter.filesystem.attributes import declared_xattrs, encoded, ids, put, xattrs
from cutter.filesystem.leftovers import hold, temporary_name
from cutter.filesystem.refusals import refusals
from cutter.filesystem.regular import Regular, read_all
from cutter.filesystem.walk import Place, lstat, sync
from cutter.model.state import Plain, State
from cutter.named_tuple import NamedTuple

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_ACCESS_LIST = "system.posix_acl_access"

Inspection = Callable[[str], None]
"""Judges the candidate at a path before it replaces; raises a CutterError to refuse it."""


class Candidate(NamedTuple):
    """A complete new file under a temporary name in the folder where it belongs."""

    fd: int
    place: Place


def replace(
    place: Place, old: Optional[Regular], content: bytes, wanted: State, inspect: Optional[Inspection] = None
) -> None:
    """Put a file with these bytes at a place, in one durable move; on any error everything stays as it was.

    Attributes that `wanted` does not name are those of `old`, the file that is open at that place; with None
    the place must be empty. Raises Conflict for a file with several names, because only one would be
    replaced; Overtaken where at the last moment something else is there; PermissionRefused or StepFailed from
    the operating system.
    """
    _refuse_several_names(place, old)
    ids(wanted)
    full = wanted if old is None else {**_carried(old), **wanted}
    with refusals("replacing" if old else "creating", place.path), _candidate(place) as candidate:
        _fill(candidate, content, full, exact=old is not None)
        if inspect is not None:
            inspect(candidate.place.path)
            _require_unaltered(candidate, content, place.path)
        os.fsync(candidate.fd)
        _require_same(place, old)
        _move(candidate, place, over=old is not None)
        sync(place)


def replace_alone(
    place: Place, old: Optional[Regular], content: bytes, wanted: State, inspect: Optional[Inspection] = None
) -> None:
    """Do the same for a step that does nothing else, and so has done nothing where StalePlan is raised."""
    try:
        replace(place, old, content, wanted, inspect)
    except Overtaken as error:
        raise changed_meanwhile(place.path) from error


def changed_meanwhile(what: str) -> StalePlan:
    """Return the complaint that a thing is not as it was looked at, before anything was done about it."""
    return StalePlan(f"{what} changed while the step was running", remedy="run the same command again")


def remove(place: Place) -> None:
    """Remove the name of a file or a link, durably."""
    with refusals("removing", place.path):
        os.unlink(place.name, dir_fd=place.fd)
        sync(place)


def temporary(place: Place) -> Place:
    """Return an unpredictable name in the same folder."""
    return place.beside(temporary_name())


@contextmanager
def _candidate(place: Place) -> Iterator[Candidate]:
    beside = temporary(place)
    fd = os.open(beside.name, _NEW, 0o600, dir_fd=place.fd)
    try:
        hold(fd)
        yield Candidate(fd, beside)
    finally:
        os.close(fd)
        _forget(beside, place)


def _forget(beside: Place, place: Place) -> None:
    """Take the temporary name away, unless it has been moved into its place."""
    try:
        with suppress(FileNotFoundError):
            os.unlink(beside.name, dir_fd=beside.fd)
    except OSError as error:
        raise StepFailed(
            f"{beside.path}, a temporary name of {place.path}, could not be removed: {error.strerror}",
            world=f"{place.path} is either as it was or as declared, never in between",
            remedy=f"rm {beside.path}",
        ) from error


def _fill(candidate: Candidate, content: bytes, attributes: State, *, exact: bool) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(candidate.fd, rest) :]
    if exact and _ACCESS_LIST not in declared_xattrs(attributes) and _ACCESS_LIST in xattrs(candidate.fd):
        os.removexattr(candidate.fd, _ACCESS_LIST)  # inherited from the folder; the replaced file has none
    put(candidate.fd, attributes)


def _carried(old: Regular) -> dict[str, Plain]:
    """Return the attributes of a file as a State; ids as numbers, so that no name is needed."""
    numbers = {
        "owner": str(old.seen.st_uid),
        "group": str(old.seen.st_gid),
        "mode": f"{old.seen.st_mode & 0o7777:04o}",
    }
    return {**numbers, **encoded(xattrs(old.fd))}


def _refuse_several_names(place: Place, old: Optional[Regular]) -> None:
    if old is not None and old.seen.st_nlink > 1:
        raise Conflict(
            f"{place.path} has {old.seen.st_nlink} names (hard links); only this one would be replaced",
            remedy=f"find / -xdev -inum {old.seen.st_ino} shows its names; give this one a file of its own",
        )


def _require_unaltered(candidate: Candidate, content: bytes, path: str) -> None:
    seen = lstat(candidate.place)
    os.lseek(candidate.fd, 0, os.SEEK_SET)
    if seen is None or seen.st_ino != os.fstat(candidate.fd).st_ino or read_all(candidate.fd) != content:
        raise StepFailed(f"the validation of {path} altered what it was to judge")


def _require_same(place: Place, old: Optional[Regular]) -> None:
    """Refuse to lose what was written while the new file was made and judged, which can take a minute."""
    now = None if old is None else lstat(place)
    if old is not None and (now is None or _version(now) != _version(old.seen)):
        raise Overtaken(f"{place.path} was changed by somebody else while it was being replaced")


def _version(seen: os.stat_result) -> tuple[int, ...]:
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns


def _move(candidate: Candidate, place: Place, *, over: bool) -> None:
    if not over and _linked(candidate, place):
        return
    os.rename(candidate.place.name, place.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)


def _linked(candidate: Candidate, place: Place) -> bool:
    """Give the candidate its name unless the name is taken; False where the file system has no hard links."""
    try:
        os.link(
            candidate.place.name, place.name, src_dir_fd=place.fd, dst_dir_fd=place.fd, follow_symlinks=False
        )
    except FileExistsError:
        raise Overtaken(f"something appeared at {place.path} while it was being made") from None
    except OSError as error:
        if error.errno in _NO_LINKS and lstat(place) is None:
            return False
        raise
    return True
