"""A directory.

As a step:

    - name: Runs directory
      directory: {path: /var/lib/cutter/runs, owner: root, group: root, mode: "0750"}
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal, Optional

from cutter.errors import Conflict
from cutter.filesystem.attributes import described, put, put_in_place
from cutter.filesystem.refusals import refusals
from cutter.filesystem.walk import (
    FOLDER,
    Place,
    existing_parent_of,
    in_the_way,
    lstat,
    parent_of,
    problem_of,
    sync,
)
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Resource, param

_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OCCUPIED = (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY)


class Directory(Resource):
    """A directory with an owner, a group and a mode.

    Parents are not made on the way: each directory is a step of its own. Only an empty directory is removed.
    """

    inherited = ("xattr:system.posix_acl_access", "xattr:system.posix_acl_default")
    path: str = param("Absolute path, without symbolic links on the way.", pattern="^/")
    ensure: Literal["present", "absent"] = param("Whether it should exist.", default="present")
    owner: Optional[str] = param("User name, or number; when missing, whoever it is.", default=None)
    group: Optional[str] = param("Group name, or number; when missing, whichever it is.", default=None)
    mode: str = param("Four octal digits, quoted.", default="0755", pattern="^[0-7]{4}$")

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about a path that is not spelled plainly."""
        problem = problem_of(params["path"])
        if problem and "{{" not in params["path"]:
            yield Complaint(("path",), problem)

    def desired(self) -> Optional[State]:
        """Return mode, and owner and group where they are declared."""
        if self.ensure == "absent":
            return None
        declared = {"owner": self.owner, "group": self.group, "mode": self.mode}
        return {key: value for key, value in declared.items() if value is not None}

    def observe(self) -> Optional[State]:
        """Return owner, group, mode and extended attributes. Raises Conflict when something else is there."""
        with parent_of(self.path) as place:
            if place is None:
                return None
            with _opened(place) as found:
                return None if found is None else described(found, os.stat(found), self.owner, self.group)

    def inside(self) -> tuple[str, ...]:
        """Return the paths of what is in the directory."""
        with parent_of(self.path) as place, refusals("listing", self.path):
            if place is None:
                return ()
            with _listable(place) as fd:
                return tuple(os.path.join(place.path, name) for name in os.listdir(fd))

    def apply(self, change: Change, content: Content) -> None:
        """Make, alter or remove the directory."""
        with existing_parent_of(self.path) as place:
            if change.after is None:
                _remove(place)
            else:
                _reach(place, change.after)


@contextmanager
def _opened(place: Place) -> Iterator[Optional[str]]:
    """Yield a handle of the directory, or None. Raises Conflict when something else is there."""
    seen = lstat(place)
    if seen is None:
        yield None
        return
    if not stat.S_ISDIR(seen.st_mode):
        raise in_the_way(place, seen, "a directory")
    with refusals("opening", place.path):
        fd = os.open(place.name, FOLDER, dir_fd=place.fd)
    try:
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


@contextmanager
def _listable(place: Place) -> Iterator[int]:
    fd = os.open(place.name, _LIST, dir_fd=place.fd)
    try:
        yield fd
    finally:
        os.close(fd)


def _reach(place: Place, wanted: State) -> None:
    with _opened(place) as found:
        if found is None:
            _make(place, wanted)
        else:
            put_in_place(found, wanted, place.path)
    with refusals("syncing", place.path, world=f"{place.path} is as declared, but perhaps not yet on disk"):
        sync(place)


def _make(place: Place, wanted: State) -> None:
    with refusals("making", place.path):
        os.mkdir(place.name, 0o700, dir_fd=place.fd)
        try:
            with _opened(place) as made:
                if made is not None:
                    put(made, wanted)
        except BaseException:
            with suppress(OSError):
                os.rmdir(place.name, dir_fd=place.fd)
            raise


def _remove(place: Place) -> None:
    with _opened(place) as found:
        if found is None:
            return
    with refusals("removing", place.path):
        try:
            os.rmdir(place.name, dir_fd=place.fd)
        except OSError as error:
            if error.errno in _OCCUPIED:
                raise _occupied(error.errno, place.path) from error
            raise
    sync(place)


def _occupied(number: Optional[int], path: str) -> Conflict:
    if number == errno.EBUSY:
        return Conflict(f"{path} is a mount point", remedy=f"umount {path} first")
    return Conflict(f"{path} is not empty", remedy="declare the removal of what is in it, or move it away")
