"""From the root to the folder that holds a thing, one component at a time, never through a symbolic link.

Each folder is opened relative to the one before, so a link swapped in while we walk cannot move what follows.
Folders are opened with O_PATH: whoever may pass through a folder may walk, also without the right to list it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional

from cutter.errors import Conflict, InvalidDocument, PreconditionError
from cutter.filesystem.refusals import refusals
from cutter.named_tuple import NamedTuple

FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


class Place(NamedTuple):
    """A name in an open folder: what every look and every move works on. `path` is for messages."""

    fd: int
    name: str
    path: str

    def beside(self, name: str) -> Place:
        """Return the place of another name in the same folder."""
        return Place(self.fd, name, os.path.join(os.path.dirname(self.path), name))


def problem_of(path: str) -> str:
    """Return what is wrong with a path as written, or an empty text.

    A path is absolute, below the root, and spelled without ``.``, ``..``, empty components and NUL; one slash
    at the end is allowed.
    """
    parts = path.rstrip("/").split("/")[1:]
    if not path.startswith("/"):
        return "is not absolute"
    if "\0" in path:
        return "contains a NUL byte"
    if not parts:
        return "is the root itself"
    if "" in parts or path.endswith("//"):
        return "has an empty component (two slashes)"
    return next(
        (f"has the component {part!r}; write the plain path" for part in parts if part in {".", ".."}), ""
    )


@contextmanager
def parent_of(path: str) -> Iterator[Optional[Place]]:
    """Open the folder that holds `path`; None when a folder on the way does not exist. For observing.

    Raises Conflict for a symbolic link or a non-directory on the way, PermissionRefused where passing is not
    allowed, and InvalidDocument for a path that `problem_of` refuses.
    """
    fd, parts, _ = _walk(path)
    try:
        yield None if fd is None else Place(fd, parts[-1], "/" + "/".join(parts))
    finally:
        if fd is not None:
            os.close(fd)


@contextmanager
def existing_parent_of(path: str) -> Iterator[Place]:
    """Open the folder that holds `path`. For applying: raises PreconditionError when a folder is missing."""
    fd, parts, missing = _walk(path)
    if fd is None:
        raise PreconditionError(
            f"{path}: the folder {missing} does not exist",
            remedy=f"declare the directory {missing} in an earlier step",
        )
    try:
        yield Place(fd, parts[-1], "/" + "/".join(parts))
    finally:
        os.close(fd)


def lstat(place: Place) -> Optional[os.stat_result]:
    """Return what lstat says of the name itself, or None when nothing is there."""
    with refusals("looking at", place.path):
        return _lstat(place)


def folder_at(path: str) -> Optional[os.stat_result]:
    """Look at a folder; None where nothing is. Raises Conflict for another thing."""
    with parent_of(path) as place:
        seen = None if place is None else lstat(place)
        if place is None or seen is None:
            return None
        if not stat.S_ISDIR(seen.st_mode):
            raise in_the_way(place, seen, "a directory")
        return seen


def kind_of(mode: int) -> str:
    """Return the kind of a thing in words: "a FIFO", say."""
    return _KINDS.get(stat.S_IFMT(mode), "something unknown")


def in_the_way(place: Place, seen: os.stat_result, wanted: str) -> Conflict:
    """Return the complaint that something of another kind stands at a place."""
    what = kind_of(seen.st_mode)
    if stat.S_ISLNK(seen.st_mode):
        what += f" to {os.readlink(place.name, dir_fd=place.fd)}"
    return Conflict(
        f"{place.path} is {what}, not {wanted}",
        remedy=f"move {place.path} away by hand, or declare its removal",
    )


def sync(place: Place) -> None:
    """Make what was done in the folder durable."""
    try:
        sync_folder(".", place.fd)
    except PermissionError:  # a folder that may be written but not listed: only everything can be synced
        os.sync()


def sync_folder(path: str, above: Optional[int] = None) -> None:
    """Make the names in a folder durable; the path may begin at an open folder above."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=above)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _lstat(place: Place) -> Optional[os.stat_result]:
    try:
        return os.stat(place.name, dir_fd=place.fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _walk(path: str) -> tuple[Optional[int], list[str], str]:
    """Return the open parent (or None), the components, and the path of the folder that is missing."""
    problem = problem_of(path)
    if problem:
        raise InvalidDocument(f"the path {path!r} {problem}")
    parts = path.rstrip("/").split("/")[1:]
    fd = os.open("/", FOLDER)
    for index, part in enumerate(parts[:-1]):
        try:
            inner = os.open(part, FOLDER, dir_fd=fd)
        except FileNotFoundError:
            return None, parts, "/" + "/".join(parts[: index + 1])
        except NotADirectoryError as error:
            raise _barred(Place(fd, part, "/" + "/".join(parts[: index + 1])), parts[index + 1 :]) from error
        except OSError as error:
            with refusals("passing through", "/" + "/".join(parts[: index + 1])):
                raise error from None
        finally:
            os.close(fd)
        fd = inner
    return fd, parts, ""


def _barred(place: Place, rest: list[str]) -> Conflict:
    """Say why a component is not a folder that can be walked through."""
    seen = _lstat(place)
    if seen is None or not stat.S_ISLNK(seen.st_mode):
        what = "gone" if seen is None else kind_of(seen.st_mode)
        return Conflict(f"{place.path} is {what}, not a directory", remedy=f"move {place.path} away by hand")
    real = os.path.join(os.path.realpath(place.path), *rest)
    target = os.readlink(place.name, dir_fd=place.fd)
    return Conflict(f"{place.path} is a symbolic link to {target}; write the real path {real}")
