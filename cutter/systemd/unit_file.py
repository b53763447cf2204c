"""The unit files of the administrator: looked at, judged by systemd, replaced in one move."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from typing import Optional

from cutter.children import DEFAULT_PATH, run
from cutter.errors import StepFailed, Unavailable
from cutter.filesystem.refusals import refusals
from cutter.filesystem.regular import opened
from cutter.filesystem.replace import remove, replace
from cutter.filesystem.walk import existing_parent_of, parent_of
from cutter.model.canonical import bytes_digest
from cutter.resource import Content
from cutter.systemd.answers import Unit
from cutter.systemd.enabled import OWN, is_masked

_SECONDS = 60
_ATTRIBUTES = {"mode": "0644", "owner": "root", "group": "root"}


def path_of(name: str) -> str:
    """Return where the administrator's file of a unit is."""
    return os.path.join(OWN, name)


def digest_of(name: str) -> Optional[str]:
    """Return the digest of the administrator's file, or None. Raises Conflict for what is no file."""
    if is_masked(name):
        return None
    with parent_of(path_of(name)) as place:
        if place is None:
            return None
        with opened(place) as found, refusals("reading", path_of(name)):
            return None if found is None else bytes_digest(found.content())


def write(name: str, digest: str, content: Content, beside: Optional[Mapping[str, bytes]] = None) -> None:
    """Put the bytes of a digest in place; what was there is kept. A mask goes first.

    With `beside`, systemd judges the file before it goes live, among these others. Raises StepFailed.
    """
    try:
        new = content.bytes_of(digest)
    except LookupError as error:
        raise StepFailed(f"the content of {path_of(name)} is not at hand: {error.args[0]}") from error
    judge = None if beside is None else partial(_judge, name, {**beside, name: new})
    with existing_parent_of(path_of(name)) as place, opened(place) as found:
        if found is not None:
            old = found.content()
            content.keep(old, bytes_digest(old))
        replace(place, found, new, _ATTRIBUTES, judge)


def take_away(name: str, content: Content) -> None:
    """Remove the administrator's file; its bytes are kept."""
    with existing_parent_of(path_of(name)) as place, opened(place) as found:
        if found is not None:
            old = found.content()
            content.keep(old, bytes_digest(old))
            remove(place)


def is_used(unit: Unit) -> bool:
    """Tell whether what runs of a unit was started from its file as it is now.

    It was not where systemd has not read the file since, or the file was altered after the unit was started:
    by what the clock showed then, or by what it shows now. A clock that was put right in between would hide
    it from one of the two; a machine that slept, from the second.
    """
    if unit.outdated:
        return False
    if unit.down:
        return True
    try:
        altered = os.stat(path_of(unit.name)).st_ctime
    except FileNotFoundError:
        return True
    if unit.began_at is not None and altered >= unit.began_at + 1:
        return False
    return unit.began >= altered - (time.time() - time.monotonic())


def is_judged() -> bool:
    """Tell whether systemd can be asked here what it thinks of a unit file."""
    folders = os.environ.get("PATH", DEFAULT_PATH).split(":")
    return any(os.access(os.path.join(folder, "systemd-analyze"), os.X_OK) for folder in folders)


def _judge(name: str, files: Mapping[str, bytes], candidate: str) -> None:
    """Have systemd read the files as it would, in a folder of their own, where it has a tool for that."""
    del candidate  # its name is none of a unit
    with tempfile.TemporaryDirectory(prefix="cutter-") as folder:
        for each, content in files.items():
            with open(os.path.join(folder, each), "wb") as file:
                file.write(content)
        _verify(name, folder)


def _verify(name: str, folder: str) -> None:
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", os.path.join(folder, name)]
    try:
        ended = run(words, timeout=_SECONDS, cwd="/")
        if b"recursive-errors" in ended.stderr:  # older than systemd 250
            ended = run([word for word in words if "recursive" not in word], timeout=_SECONDS, cwd="/")
    except Unavailable:
        return
    if not ended.succeeded:
        said = (ended.killed or ended.last_lines(20)).replace(f"{folder}/", "")
        remedy = "put right what the step declares of it"
        raise StepFailed(f"systemd-analyze verify refuses {name}: {said}", remedy=remedy)
