"""Owner, group, mode and extended attributes, between an open thing and a State.

A `Handle` is a descriptor, or the name ``/proc/self/fd/N`` of one that was opened with O_PATH only: what
the calls of `os` take either way.
"""

from __future__ import annotations

import binascii
import errno
import os
import stat
from collections.abc import Mapping
from functools import lru_cache
from typing import Optional, Union

from cutter.errors import Conflict
from cutter.filesystem.refusals import refusals
from cutter.model.state import Plain, State

Handle = Union[int, str]
XATTR = "xattr:"
_WITHOUT = (errno.ENOTSUP, errno.ENOSYS)
_HIDDEN = (errno.ENODATA, errno.EACCES, errno.EPERM)


def ownership(seen: os.stat_result, owner: Optional[str], group: Optional[str]) -> dict[str, Plain]:
    """Return owner and group by name, or by number where there is no name.

    One id may have several names, and a declaration may give the number: the declared spelling is returned
    when it means the id that was found.
    """
    return {"owner": _named("user", seen.st_uid, owner), "group": _named("group", seen.st_gid, group)}


def described(
    handle: Handle, seen: os.stat_result, owner: Optional[str], group: Optional[str]
) -> dict[str, Plain]:
    """Return owner, group, mode and one key for each extended attribute."""
    mode = f"{stat.S_IMODE(seen.st_mode):04o}"
    return {**ownership(seen, owner, group), "mode": mode, **encoded(xattrs(handle))}


def xattrs(handle: Handle) -> dict[str, bytes]:
    """Return the extended attributes, empty where there are none. Those we may not read are left out."""
    try:
        names = os.listxattr(handle)
    except OSError as error:
        if error.errno in _WITHOUT:
            return {}
        raise
    found = {name: _xattr(handle, name) for name in sorted(names)}
    return {name: value for name, value in found.items() if value is not None}


def encoded(found: Mapping[str, bytes]) -> dict[str, Plain]:
    """Return extended attributes as they stand in a State: base64 text under ``xattr:<name>``."""
    return {XATTR + name: binascii.b2a_base64(value, newline=False).decode() for name, value in found.items()}


def declared_xattrs(state: State) -> dict[str, Optional[bytes]]:
    """Return the extended attributes that a State names; None for one that should not be there."""
    named = {key[len(XATTR) :]: value for key, value in state.items() if key.startswith(XATTR)}
    return {name: None if value is None else binascii.a2b_base64(str(value)) for name, value in named.items()}


def ids(state: State) -> tuple[int, int]:
    """Return uid and gid that a State names, -1 for none. Raises Conflict for a name that does not exist."""
    return _id("user", state.get("owner")), _id("group", state.get("group"))


def put_in_place(handle: Handle, wanted: State, path: str) -> None:
    """Do as `put` to a thing in use. Raises Conflict, and PermissionRefused or StepFailed from the system."""
    with refusals("setting owner and mode of", path, world=f"{path} may have some of its attributes already"):
        put(handle, wanted)


def put(handle: Handle, wanted: State) -> None:
    """Give an open thing the attributes that `wanted` names, and leave alone what already is so.

    Names are looked up before anything is touched. Raises Conflict for an unknown name, and OSError.
    """
    uid, gid = ids(wanted)
    seen = os.stat(handle)
    if uid not in {-1, seen.st_uid} or gid not in {-1, seen.st_gid}:
        os.chown(handle, uid, gid)
    _put_xattrs(handle, declared_xattrs(wanted))
    mode = int(str(wanted.get("mode", f"{stat.S_IMODE(seen.st_mode):o}")), 8)
    # last: chown drops setuid and setgid, and an access list brings its own group bits
    if stat.S_IMODE(os.stat(handle).st_mode) != mode:
        os.chmod(handle, mode)


def _put_xattrs(handle: Handle, wanted: Mapping[str, Optional[bytes]]) -> None:
    found = xattrs(handle) if wanted else {}
    for name, value in wanted.items():
        if value is None and name in found:
            os.removexattr(handle, name)
        elif value is not None and found.get(name) != value:
            os.setxattr(handle, name, value)


def _xattr(handle: Handle, name: str) -> Optional[bytes]:
    try:
        return os.getxattr(handle, name)
    except OSError as error:
        if error.errno in _HIDDEN:
            return None
        raise


def _named(kind: str, number: int, declared: Optional[str]) -> str:
    if declared is not None and _number(kind, declared, _stamp(kind)) == number:
        return declared
    return _name(kind, number, _stamp(kind))


def _id(kind: str, name: Plain) -> int:
    if name is None:
        return -1
    number = _number(kind, str(name), _stamp(kind))
    if number is None:
        raise Conflict(f"there is no {kind} {name}", remedy=f"declare the {kind} {name} in an earlier step")
    return number


def _stamp(kind: str) -> tuple[int, int]:
    """Return what changes when the local accounts do, so that the caches below never outlive them."""
    try:
        seen = os.stat("/etc/passwd" if kind == "user" else "/etc/group")
    except OSError:
        return (0, 0)
    return (seen.st_mtime_ns, seen.st_ino)


@lru_cache(maxsize=256)
def _name(kind: str, number: int, stamp: tuple[int, int]) -> str:
    import grp
    import pwd

    del stamp
    try:
        return pwd.getpwuid(number).pw_name if kind == "user" else grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


@lru_cache(maxsize=256)
def _number(kind: str, name: str, stamp: tuple[int, int]) -> Optional[int]:
    import grp
    import pwd

    del stamp
    if name.isdecimal():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid if kind == "user" else grp.getgrnam(name).gr_gid
    except KeyError:
        return None
