"""~/.ssh/authorized_keys: its bytes, and whom it and its folder belong to. Never through a symbolic link."""

from __future__ import annotations

import os
import stat
from typing import Optional

from cutter.errors import Conflict
from cutter.filesystem.attributes import put_in_place
from cutter.filesystem.refusals import refusals
from cutter.filesystem.regular import opened
from cutter.filesystem.replace import remove, replace
from cutter.filesystem.walk import FOLDER, Place, existing_parent_of, in_the_way, lstat, parent_of, sync
from cutter.model.state import State
from cutter.named_tuple import NamedTuple

OWN = "own"
NONE = "none"
_LARGEST = 1 << 20
_FOLDER_MODE, _FILE_MODE = "0700", "0600"


class KeyFile(NamedTuple):
    """The bytes of the file, None for no file. `access` is "own" where sshd has nothing to object to.

    Anything else names owner, group and mode of folder and file: ``0:0:0755 none``, say.
    """

    content: Optional[bytes]
    access: str


def read(home: str, uid: int, gid: int) -> KeyFile:
    """Return what is there. Raises Conflict when something else is there."""
    own = f"{uid}:{gid}:{_FOLDER_MODE} {uid}:{gid}:{_FILE_MODE}"
    with parent_of(_file(home)) as place:
        if place is None:
            return KeyFile(None, f"{NONE} {NONE}")
        folder = _told(os.stat(place.fd))
        with opened(place) as found:
            if found is None:
                return KeyFile(None, f"{folder} {NONE}")
            if found.seen.st_size > _LARGEST:
                raise Conflict(f"{place.path} has {found.seen.st_size} bytes: too large for keys")
            with refusals("reading", place.path):
                content = found.content()
            access = f"{folder} {_told(found.seen)}"
            return KeyFile(content, OWN if access == own else access)


def demand_home(home: str) -> None:
    """Raise what `put` would where there is no home to put keys into."""
    with existing_parent_of(_folder(home)):
        return


def put(home: str, wanted: KeyFile, uid: int, gid: int) -> None:
    """Make file and folder so; a folder that should not be there is removed when it is empty."""
    own = f"{uid}:{gid}:{_FOLDER_MODE} {uid}:{gid}:{_FILE_MODE}"
    folder, file = (own if wanted.access == OWN else wanted.access).split(" ")
    with existing_parent_of(_folder(home)) as place:
        if folder != NONE:
            _put_folder(place, _attributes(folder))
        if folder != NONE or lstat(place) is not None:
            _put_file(home, wanted.content, file)
        if folder == NONE and lstat(place) is not None:
            with refusals("removing", place.path):
                os.rmdir(place.name, dir_fd=place.fd)
                sync(place)


def _put_folder(place: Place, wanted: State) -> None:
    seen = lstat(place)
    if seen is not None and not stat.S_ISDIR(seen.st_mode):
        raise in_the_way(place, seen, "a directory")
    with refusals("making", place.path):
        if seen is None:
            os.mkdir(place.name, 0o700, dir_fd=place.fd)
            sync(place)
        fd = os.open(place.name, FOLDER, dir_fd=place.fd)
    try:
        put_in_place(f"/proc/self/fd/{fd}", wanted, place.path)
    finally:
        os.close(fd)


def _put_file(home: str, content: Optional[bytes], attributes: str) -> None:
    with existing_parent_of(_file(home)) as place, opened(place) as found:
        if content is None:
            if found is not None:
                remove(place)
        elif found is not None and found.content() == content:
            put_in_place(found.fd, _attributes(attributes), place.path)
        else:
            replace(place, found, content, _attributes(attributes))


def _folder(home: str) -> str:
    return f"{home.rstrip('/')}/.ssh"


def _file(home: str) -> str:
    return f"{_folder(home)}/authorized_keys"


def _told(seen: os.stat_result) -> str:
    return f"{seen.st_uid}:{seen.st_gid}:{stat.S_IMODE(seen.st_mode):04o}"


def _attributes(told: str) -> State:
    owner, group, mode = told.split(":")
    return {"owner": owner, "group": group, "mode": mode}
