"""The two places of a key in the file system: its home, and the file that publishes its certificate."""

from __future__ import annotations

import os
import stat
from typing import Optional

from cutter.errors import Conflict, StepFailed
from cutter.filesystem.refusals import refusals
from cutter.filesystem.regular import opened
from cutter.filesystem.replace import remove, replace
from cutter.filesystem.walk import FOLDER, existing_parent_of, folder_at, lstat, parent_of, sync
from cutter.gpg.keyring import certificate
from cutter.model.canonical import bytes_digest
from cutter.named_tuple import NamedTuple
from cutter.resource import Content

CERTIFICATE = "certificate"
"""What a State says instead of a digest when a file holds exactly the certificate of the home's key."""


class Published(NamedTuple):
    """A certificate's file: it holds CERTIFICATE or the digest of other bytes; all None where no file is."""

    holds: Optional[str]
    mode: Optional[str]


def mode_of_home(home: str) -> Optional[str]:
    """Return the mode of a home, four octal digits, or None. Raises Conflict for what is no directory."""
    seen = folder_at(home)
    return None if seen is None else f"{stat.S_IMODE(seen.st_mode):04o}"


def reach_home(home: str, mode: Optional[str]) -> None:
    """Make the home, or give it the mode; None removes it. Raises Conflict for one not ours or not empty."""
    if mode is None:
        _remove_home(home)
        return
    with existing_parent_of(home) as place, refusals("making", home):
        if lstat(place) is None:
            os.mkdir(place.name, 0o700, dir_fd=place.fd)
            sync(place)
        fd = os.open(place.name, FOLDER, dir_fd=place.fd)
        try:
            owner = os.fstat(fd).st_uid
            if owner != os.geteuid():
                raise Conflict(f"{home} belongs to uid {owner}, not to uid {os.geteuid()}")
            os.chmod(f"/proc/self/fd/{fd}", int(mode, 8))
        finally:
            os.close(fd)


def published(path: str, home: str, fingerprint: Optional[str]) -> Published:
    """Return what the certificate's file of a key is like. Raises Conflict when something else is there."""
    with parent_of(path) as place:
        if place is None:
            return Published(None, None)
        with opened(place) as found:
            if found is None:
                return Published(None, None)
            content = found.content()
            current = fingerprint is not None and content == certificate(home, fingerprint)
            mode = f"{stat.S_IMODE(found.seen.st_mode):04o}"
            return Published(CERTIFICATE if current else bytes_digest(content), mode)


def publish(path: str, wanted: Published, mine: bytes, content: Content) -> None:
    """Write the certificate (`mine`), restore what was there, or remove it; bytes not ours are kept first."""
    with existing_parent_of(path) as place, opened(place) as old:
        held = None if old is None else old.content()
        if held is not None and held != mine:
            content.keep(held, bytes_digest(held))
        if wanted.holds is not None:
            new = mine if wanted.holds == CERTIFICATE else _kept(content, wanted.holds, path)
            replace(place, old, new, {"mode": wanted.mode or "0644"})
        elif old is not None:
            remove(place)


def restorable(wanted: Published, content: Content, path: str) -> None:
    """Raise StepFailed when bytes that a certificate's file held before are kept no longer."""
    if wanted.holds not in {None, CERTIFICATE}:
        _kept(content, str(wanted.holds), path)


def exported_key(path: str) -> bytes:
    """Return the bytes of a file with an exported key. Raises Conflict when there is none."""
    with existing_parent_of(path) as place, opened(place) as found:
        if found is None:
            raise Conflict(f"{path} does not exist", remedy="put the exported key there")
        return found.content()


def _kept(content: Content, digest: str, path: str) -> bytes:
    try:
        return content.bytes_of(digest)
    except LookupError as error:
        raise StepFailed(f"what {path} held before is kept no longer: {digest}") from error


def _remove_home(home: str) -> None:
    if mode_of_home(home) is None:
        return
    with existing_parent_of(home) as place:
        left = os.listdir(home)
        if left:
            raise Conflict(
                f"{home} holds more than the key: {', '.join(sorted(left)[:5])}",
                remedy="move that away by hand",
            )
        with refusals("removing", home):
            os.rmdir(place.name, dir_fd=place.fd)
            sync(place)
