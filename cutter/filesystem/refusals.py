"""What the operating system says, in words of the error tree."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cutter.errors import NOTHING_CHANGED, CutterError, PermissionRefused, StepFailed, Unavailable

_NO_ROOM = (StepFailed, "make room (df -h, df -i), then run again")
_KNOWN: Mapping[int, tuple[type[CutterError], str]] = {
    errno.EROFS: (PermissionRefused, "mount the file system for writing"),
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EBUSY: (StepFailed, "something is mounted there (findmnt); umount it first"),
    errno.EMFILE: (Unavailable, "raise the limit of open files (ulimit -n)"),
}


@contextmanager
def refusals(doing: str, path: str, *, world: str = NOTHING_CHANGED) -> Iterator[None]:
    """Turn an OSError of the block into PermissionRefused, StepFailed or Unavailable.

    `doing` is a phrase such as "replacing", `world` says what the target is like if the block fails.
    """
    try:
        yield
    except OSError as error:
        raise _refused(error, f"{doing} {path}", world) from error


def _refused(error: OSError, doing: str, world: str) -> CutterError:
    kind, remedy = _kind_and_remedy(error)
    return kind(f"{doing}: {os.strerror(error.errno or 0)}", world=world, remedy=remedy)


def _kind_and_remedy(error: OSError) -> tuple[type[CutterError], str]:
    if error.errno == errno.EPERM:
        return PermissionRefused, _remedy_of_eperm()
    if isinstance(error, PermissionError):
        return PermissionRefused, _remedy_of_eacces()
    return _KNOWN.get(error.errno or 0, (StepFailed, ""))


def _remedy_of_eacces() -> str:
    return f"uid {os.geteuid()} has no right to that; run as root (become) or as the owner"


def _remedy_of_eperm() -> str:
    if os.geteuid() == 0:
        return "even root was refused: lsattr shows whether it is immutable, chattr -i PATH ends that"
    return (
        f"uid {os.geteuid()} is not the owner: run as root (become); if lsattr says immutable, chattr -i PATH"
    )
