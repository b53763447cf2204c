"""Who works on this machine, and what was begun here and never answered for. Travels.

The lock is the kernel's: it goes with the process that holds it, however that ends. What stands in the files
is for messages, and for whoever comes next.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from cutter.errors import LockHeld
from cutter.filesystem.refusals import refusals
from cutter.filesystem.walk import sync_folder

_LOCK = "run.lock"
_BEGUN = "begun-"
_ITSELF = "this run itself, by another name of the machine,"
_ONE_NAME = "give the machine one name in the inventory"
_NEW = "beginning"
"""What is written at the moment; whoever holds the machine is the only one to write."""


@contextmanager
def tenure(folder: str, run: str, by: str) -> Iterator[None]:
    """Hold this machine for one run. Raises LockHeld, naming who holds it, and PermissionRefused."""
    with refusals("locking", folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        path = os.path.join(folder, _LOCK)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _take(lock, path, run)
        try:
            _say(lock, {"run": run, "by": by, "since": int(time.time())})
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(lock, 0)
    finally:
        os.close(lock)


def begin(folder: str, run: str, by: str, steps: Sequence[str], places: Collection[str]) -> None:
    """Write down durably which steps a run is about to apply here, before the first effect.

    `places` are the folders in which they put files aside for a moment.
    """
    path, new = os.path.join(folder, _BEGUN + run), os.path.join(folder, _NEW)
    told = {"run": run, "by": by, "steps": list(steps), "places": sorted(places)}
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with refusals("writing", path):
        with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
            file.write(json.dumps(told).encode())
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)
        sync_folder(folder)


def begun(folder: str) -> tuple[Mapping[str, Any], ...]:
    """Return what was begun here and never answered for, oldest first."""
    return tuple(_read(os.path.join(folder, name)) for name in _names(folder))


def answered(folder: str, runs: Collection[str]) -> None:
    """Forget runs: what came of them is recorded elsewhere now, or somebody looked and went on."""
    for name in _names(folder):
        if name[len(_BEGUN) :] in runs:
            with suppress(FileNotFoundError, PermissionError):
                os.unlink(os.path.join(folder, name))


def _names(folder: str) -> list[str]:
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        return sorted(name for name in os.listdir(folder) if name.startswith(_BEGUN))
    return []


def _read(path: str) -> Mapping[str, Any]:
    run = os.path.basename(path)[len(_BEGUN) :]
    nothing = {"run": run, "by": "", "steps": [], "places": []}
    with suppress(OSError, ValueError):
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        if isinstance(found, dict):
            return {**nothing, **found}
    return nothing  # somebody else has written it, or the disk has lost it


def _take(lock: int, path: str, run: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(lock, run)
        raise LockHeld(
            f"{holder} works here",
            place=path,
            world="nothing was changed by this run",
            remedy=_ONE_NAME if holder == _ITSELF else "wait for it, or end it; the lock goes with it",
        ) from None


def _holder(lock: int, run: str) -> str:
    try:
        holder = json.loads(os.pread(lock, 4096, 0))
        if holder["run"] == run:
            return _ITSELF
        age = max(0, int(time.time()) - int(holder["since"]))
        return f"run {holder['run']} of {holder['by']} (since {age} s)"
    except (ValueError, KeyError, TypeError):
        return "another run"


def _say(lock: int, holder: Mapping[str, Any]) -> None:
    with suppress(OSError):
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps(holder).encode(), 0)
