"""A symbolic link.

As a step:

    - name: Current release
      link: {path: /opt/app/current, target: releases/2026-01-15}
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal, Optional

from cutter.errors import Conflict
from cutter.filesystem.attributes import ids, ownership
from cutter.filesystem.refusals import refusals
from cutter.filesystem.replace import remove, temporary
from cutter.filesystem.walk import Place, existing_parent_of, in_the_way, lstat, parent_of, problem_of, sync
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Resource, param


class Link(Resource):
    """A symbolic link with a target, which need not exist. It is never followed."""

    path: str = param("Absolute path of the link, without symbolic links on the way.", pattern="^/")
    ensure: Literal["present", "absent"] = param("Whether it should exist.", default="present")
    target: Optional[str] = param(
        "What the link says: an absolute path, or one relative to its folder.", default=None
    )
    owner: Optional[str] = param("User name, or number; when missing, whoever it is.", default=None)
    group: Optional[str] = param("Group name, or number; when missing, whichever it is.", default=None)

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about a path that is not spelled plainly, and about a link without a target."""
        problem = problem_of(params["path"])
        if problem and "{{" not in params["path"]:
            yield Complaint(("path",), problem)
        if params.get("ensure", "present") == "present" and not params.get("target"):
            yield Complaint((), "target is missing")
        elif "\0" in (params.get("target") or ""):
            yield Complaint(("target",), "contains a NUL byte")

    def desired(self) -> Optional[State]:
        """Return the target, and owner and group where they are declared."""
        if self.ensure == "absent":
            return None
        declared = {"target": self.target, "owner": self.owner, "group": self.group}
        return {key: value for key, value in declared.items() if value is not None}

    def observe(self) -> Optional[State]:
        """Return target, owner and group of the link itself. Raises Conflict when something else is there."""
        with parent_of(self.path) as place:
            seen = None if place is None else _seen(place)
            if place is None or seen is None:
                return None
            return {"target": _target(place), **ownership(seen, self.owner, self.group)}

    def workplaces(self) -> tuple[str, ...]:
        """Return the folder of the link."""
        return (os.path.dirname(self.path),)

    def apply(self, change: Change, content: Content) -> None:
        """Make, redirect or remove the link; a link is replaced in one move."""
        del content
        with existing_parent_of(self.path) as place:
            seen = _seen(place)
            if change.after is not None:
                _reach(place, seen, change.after)
            elif seen is not None:
                remove(place)


def _seen(place: Place) -> Optional[os.stat_result]:
    seen = lstat(place)
    if seen is not None and not stat.S_ISLNK(seen.st_mode):
        raise in_the_way(place, seen, "a symbolic link")
    return seen


def _target(place: Place) -> str:
    with refusals("reading the link", place.path):
        return os.readlink(place.name, dir_fd=place.fd)


def _reach(place: Place, seen: Optional[os.stat_result], wanted: State) -> None:
    uid, gid = ids(wanted)
    if seen is not None and _target(place) == wanted["target"]:
        with refusals("setting the owner of", place.path):
            os.chown(place.name, uid, gid, dir_fd=place.fd, follow_symlinks=False)
        return
    if seen is not None:  # what is not declared stays as it is
        uid, gid = (new if new != -1 else old for new, old in ((uid, seen.st_uid), (gid, seen.st_gid)))
    with refusals("making the link", place.path):
        _make(place, str(wanted["target"]), (uid, gid), over=seen is not None)
        sync(place)


def _make(place: Place, target: str, owner: tuple[int, int], *, over: bool) -> None:
    beside = temporary(place) if over else place
    try:
        os.symlink(target, beside.name, dir_fd=place.fd)
    except FileExistsError:
        raise Conflict(f"something appeared at {place.path} while the link was being made") from None
    try:
        seen = os.stat(beside.name, dir_fd=place.fd, follow_symlinks=False)
        if any(new not in {-1, old} for new, old in zip(owner, (seen.st_uid, seen.st_gid))):
            os.chown(beside.name, *owner, dir_fd=place.fd, follow_symlinks=False)
        if over:
            os.rename(beside.name, place.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside.name, dir_fd=place.fd)
        raise
