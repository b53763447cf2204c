"""The checks of `cutter doctor` that need an environment: its ledger, key, lock, guards, clock and space."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cutter.app.checkpoints import newest_number, refuse_contradicted
from cutter.app.doctor_checks import Check, fail, nearest_existing, of_error, ok, warn
from cutter.app.unconfirmed import unconfirmed_here
from cutter.app.workspace import Workspace
from cutter.errors import CutterError
from cutter.ledger.digest_key import FILE as KEY_FILE
from cutter.ledger.digest_key import digest_key
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.unconfirmed import STUCK

_MEGABYTE = 1 << 20
_TOO_LITTLE, _LITTLE = 16 * _MEGABYTE, 256 * _MEGABYTE


def of_environment(workspace: Workspace) -> Iterator[Check]:
    """Yield the checks of an environment; one that cannot be made is a failed one."""
    folder = workspace.environment.ledger
    looks: dict[str, Callable[[], Check]] = {
        "ledger folder": lambda: _folder(folder),
        "ledger": lambda: _ledger(workspace),
        "checkpoints": lambda: _checkpoints(workspace),
        "digest key": lambda: _key(folder),
        "run lock": lambda: _lock(os.path.join(folder, "run.lock")),
        "guarded changes": lambda: _guarded(workspace.environment.target_state),
        "clock": lambda: _clock(workspace),
        "space for the ledger": lambda: _space("space for the ledger", folder),
        "space for kept content": lambda: _space(
            "space for kept content", workspace.environment.target_state
        ),
    }
    for name, look in looks.items():
        try:
            yield look()
        except CutterError as error:
            yield of_error(name, error)
        except OSError as error:
            yield fail(
                name, f"{error.filename or folder}: {error.strerror}", "run as the user whose it is: sudo"
            )


def _folder(path: str) -> Check:
    name = "ledger folder"
    if not os.path.lexists(path):
        return _absent(path)
    seen = os.stat(path)
    if not stat.S_ISDIR(seen.st_mode):
        return fail(
            name, f"{path} is not a folder", "move it away, or name another `ledger:` in environment.yml"
        )
    if stat.S_IMODE(seen.st_mode) & 0o077:
        return fail(name, f"{path} has mode {stat.S_IMODE(seen.st_mode):04o}", f"chmod 700 {path}")
    if seen.st_uid != os.geteuid():
        return fail(
            name, f"{path} belongs to user {seen.st_uid}, not to {os.geteuid()}", "run as that user: sudo"
        )
    if not os.access(path, os.W_OK | os.X_OK):
        return fail(name, f"{path} cannot be written to", "mount it writable, or name another `ledger:`")
    return ok(name, path)


def _absent(path: str) -> Check:
    parent = nearest_existing(path)
    if os.access(parent, os.W_OK | os.X_OK):
        return ok("ledger folder", f"{path} is not there yet; the first apply makes it")
    fix = "run as root (sudo), or in an environment of your own: -i inventory/sandbox"
    return fail("ledger folder", f"{path} is not there, and {parent} cannot be written to", fix)


def _ledger(workspace: Workspace) -> Check:
    with workspace.read_ledger() as ledger:
        findings, head = ledger.verify(), ledger.head()
        open_runs = ledger.unfinished_runs()
    if findings:
        told = f"entry {findings[0].seq}: {findings[0].message}; {len(findings)} finding(s)"
        return fail("ledger", told, workspace.command("ledger", "verify"))
    if head is None:
        return ok("ledger", "no entries yet")
    if open_runs:
        told = f"run {open_runs[0]} has no end: it is at work, or was killed"
        return warn("ledger", told, workspace.command("runs") + "; the next apply settles it")
    return ok("ledger", f"{head.seq} entries, every link holds")


def _checkpoints(workspace: Workspace) -> Check:
    name, folder = "checkpoints", workspace.environment.checkpoint_to
    if not folder:
        told = "environment.yml names no checkpoint_to, so nothing outside vouches for the ledger"
        fix = "name a folder off this host, and a checkpoint_key: see SECURITY.md"
        return warn(name, told, fix) if workspace.environment.production else ok(name, told)
    if not os.path.isdir(folder):
        return fail(name, f"{folder} is not there: is the place mounted?", f"mount it, or make it: {folder}")
    with workspace.read_ledger() as ledger:
        refuse_contradicted(workspace, ledger)
        head = ledger.head()
    newest = newest_number(folder)
    after = max(head.seq - newest, 0) if head else 0
    if after:
        told = f"nothing in {folder} vouches for the newest {after} entries"
        return warn(name, told, "the next run leaves a checkpoint, or says why it cannot")
    return ok(name, f"the newest, of entry {newest}, agrees with the ledger" if newest else "none yet")


def _key(folder: str) -> Check:
    found = digest_key(folder, create=False)
    return ok("digest key", f"{folder}/{KEY_FILE}" if found else "not there yet; the first apply makes it")


def _lock(path: str) -> Check:
    holder = _holder(path)
    if holder is None:
        return ok("run lock", "free")
    return warn("run lock", f"process {holder} holds {path}", "wait for it, or end it")


def _guarded(folder: str) -> Check:
    """Check what of this machine goes back by itself, or should have and did not."""
    name, left = "guarded changes", unconfirmed_here(folder)
    if not left:
        return ok(name, "none waits on this machine to be confirmed")
    told = "; ".join(f"{each.cause} ({each.state}: {', '.join(each.steps)})" for each in left)
    fix = "; ".join(dict.fromkeys(each.remedy for each in left))
    return (fail if any(each.state == STUCK for each in left) else warn)(name, told, fix)


def _holder(path: str) -> int | None:
    """Return who holds a lock, as the kernel tells: to try it would be to hold it for a moment."""
    try:
        inode = str(os.stat(path).st_ino)
    except FileNotFoundError:
        return None
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        words = line.split()
        if "->" not in words and words[1] == "FLOCK" and words[5].rpartition(":")[2] == inode:
            return int(words[4])
    return None


def _clock(workspace: Workspace) -> Check:
    now = datetime.now(UTC)
    with workspace.read_ledger() as ledger:
        newest = _newest(ledger)
    told = now.isoformat(timespec="seconds")
    if newest is not None and now < newest:
        seen = f"{told} is before the newest entry of the ledger, {newest.isoformat(timespec='seconds')}"
        return fail("clock", seen, "set the clock: timedatectl set-ntp true")
    if time.time() < os.stat(__file__).st_mtime:
        return warn(
            "clock", f"{told} is before cutter was installed", "set the clock: timedatectl set-ntp true"
        )
    return ok("clock", told)


def _newest(ledger: SqliteLedger) -> datetime | None:
    head = ledger.head()
    try:
        return datetime.fromisoformat(head.at) if head else None
    except ValueError:  # an altered entry: the check of the chain tells
        return None


def _space(name: str, path: str) -> Check:
    place = nearest_existing(path)
    seen = os.statvfs(place)
    free = seen.f_bavail * seen.f_frsize
    told = f"{free // _MEGABYTE} MB free at {place}"
    if free < _TOO_LITTLE or (seen.f_files and not seen.f_favail):
        return fail(name, told, f"free some space: du -xsh {place}/*")
    if free < _LITTLE:
        return warn(name, told, f"free some space: du -xsh {place}/*")
    return ok(name, told)
