"""What the operating system says, in words of the error tree."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cutter.errors import NOTHING_CHANGED, CutterError, PermissionRefused, StepFailed, Unavailable

_FULL = (errno.ENOSPC, errno.EDQUOT)


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
    reason = os.strerror(error.errno or 0)
    if error.errno == errno.EROFS:
        return PermissionRefused(
            f"{doing}: {reason}", world=world, remedy="mount the file system for writing"
        )
    if error.errno == errno.EPERM:
        return PermissionRefused(f"{doing}: {reason}", world=world, remedy=_remedy_of_eperm())
    if isinstance(error, PermissionError):
        return PermissionRefused(f"{doing}: {reason}", world=world, remedy=_remedy_of_eacces())
    if error.errno in _FULL:
        return StepFailed(
            f"{doing}: {reason}", world=world, remedy="make room (df -h, df -i), then run again"
        )
    if error.errno == errno.EMFILE:
        return Unavailable(
            f"{doing}: {reason}", world=world, remedy="raise the limit of open files (ulimit -n)"
        )
    return StepFailed(f"{doing}: {reason}", world=world)


def _remedy_of_eacces() -> str:
    return f"uid {os.geteuid()} has no right to that; run as root (become) or as the owner"


def _remedy_of_eperm() -> str:
    if os.geteuid() == 0:
        return "even root was refused: lsattr shows whether it is immutable, chattr -i PATH ends that"
    return (
        f"uid {os.geteuid()} is not the owner: run as root (become); if lsattr says immutable, chattr -i PATH"
    )
