"""Homes: made whole from the skeleton, or not at all; removed only where that reaches no further."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Optional

from cutter.errors import Conflict, CutterError, LeftBehind
from cutter.filesystem.leftovers import discard, hold
from cutter.filesystem.refusals import refusals
from cutter.filesystem.replace import temporary
from cutter.filesystem.walk import Place, existing_parent_of, folder_at, sync

_SKELETON = "/etc/skel"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SHALLOWEST = 2
_ESCAPE = re.compile(r"\\([0-7]{3})")


def inode_of(home: str, uid: int) -> Optional[int]:
    """Return the inode of a home, or None. Raises Conflict for another thing, or one of another user."""
    seen = folder_at(home)
    if seen is None:
        return None
    if seen.st_uid != uid:
        raise Conflict(
            f"{home} belongs to uid {seen.st_uid}, not to uid {uid}",
            remedy=f"declare that uid, or give it away by hand: chown -R {uid} {home}",
        )
    return seen.st_ino


def demand_closed(home: str, gid: int) -> None:
    """Raise Conflict for a home that others may write to: sshd takes no key from one.

    Its own primary group may: some systems make homes so, and some sshds do not mind.
    """
    seen = folder_at(home)
    if seen is not None and (seen.st_mode & 0o002 or (seen.st_mode & 0o020 and seen.st_gid != gid)):
        mode = f"mode {stat.S_IMODE(seen.st_mode):04o}"
        raise Conflict(
            f"others may write to {home} ({mode}), so sshd takes no key from it",
            remedy="declare a home of its own" if seen.st_mode & stat.S_ISVTX else f"chmod go-w {home}",
        )


def make(home: str, uid: int, gid: int) -> None:
    """Make a home, mode 0700, with a copy of the skeleton in it, whole or not at all."""
    with existing_parent_of(home) as place:
        beside = temporary(place)
        with refusals("making", home):
            os.mkdir(beside.name, 0o700, dir_fd=beside.fd)
            fd = os.open(beside.name, _READ | os.O_DIRECTORY, dir_fd=beside.fd)
            try:
                hold(fd)
                _copy(_SKELETON, fd, (uid, gid))
                os.fchown(fd, uid, gid)
                os.rename(beside.name, place.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)
                sync(place)
            finally:
                os.close(fd)
                with suppress(OSError):
                    discard(beside)


def added(home: str) -> list[str]:
    """Return the paths in a home that are not as in the skeleton."""
    return sorted(path for path in _below(home) if not _same(path, _SKELETON + path[len(home) :]))


def remove(home: str) -> None:
    """Remove a home with everything in it.

    Raises Conflict where that would reach further than one home, and LeftBehind where it was begun and cannot
    be ended.
    """
    if len(home.strip("/").split("/")) < _SHALLOWEST:
        raise Conflict(f"{home} is too near to the root to be removed with everything in it")
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        mounts = [_ESCAPE.sub(_character, line.split(" ")[4]) for line in file]
    inner = [mount for mount in mounts if f"{mount}/".startswith(f"{home.rstrip('/')}/")]
    if inner:
        raise Conflict(f"{inner[0]} is a mount point", remedy=f"umount {inner[0]} first")
    with existing_parent_of(home) as place:
        try:
            with refusals("removing", home):
                discard(place)
                sync(place)
        except CutterError as error:
            raise LeftBehind(error.cause, world=f"{home} may be partly gone", remedy=error.remedy) from error


def _character(escaped: re.Match[str]) -> str:
    """Return what the kernel writes as a backslash and three octal digits: blanks, and backslashes."""
    return chr(int(escaped.group(1), 8))


def _copy(source: str, folder: int, owner: tuple[int, int]) -> None:
    with suppress(FileNotFoundError), os.scandir(source) as entries:
        for entry in entries:
            _copy_one(entry, Place(folder, entry.name, entry.path), owner)


def _copy_one(entry: os.DirEntry[str], to: Place, owner: tuple[int, int]) -> None:
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), to.name, dir_fd=to.fd)
    elif entry.is_dir():
        os.mkdir(to.name, 0o700, dir_fd=to.fd)
        inner = os.open(to.name, _READ | os.O_DIRECTORY, dir_fd=to.fd)
        try:
            _copy(entry.path, inner, owner)
            os.fchmod(inner, entry.stat().st_mode & 0o755)
        finally:
            os.close(inner)
    elif entry.is_file():
        _copy_file(entry, to)
    else:
        return
    os.chown(to.name, *owner, dir_fd=to.fd, follow_symlinks=False)


def _copy_file(entry: os.DirEntry[str], to: Place) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(to.name, flags, 0o600, dir_fd=to.fd)
    with os.fdopen(fd, "wb") as copy, open(entry.path, "rb") as source:
        copy.write(source.read())
        copy.flush()
        os.fchmod(fd, entry.stat().st_mode & 0o755)
        os.fsync(fd)


def _below(folder: str) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield os.path.join(root, name)


def _same(path: str, model: str) -> bool:
    """Tell whether a path is as in the skeleton: kind and content."""
    try:
        seen, wanted = os.lstat(path), os.lstat(model)
        if stat.S_IFMT(seen.st_mode) != stat.S_IFMT(wanted.st_mode):
            return False
        if stat.S_ISLNK(seen.st_mode):
            return os.readlink(path) == os.readlink(model)
        return not stat.S_ISREG(seen.st_mode) or _bytes(path) == _bytes(model)
    except OSError:
        return False


def _bytes(path: str) -> bytes:
    with os.fdopen(os.open(path, _READ), "rb") as file:
        return file.read()
