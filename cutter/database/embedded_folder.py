"""The folder of an embedded server: ours alone, with locks that die with their holders."""

from __future__ import annotations

import fcntl
import os
import stat

from cutter.errors import Conflict

_NO_PROCESS = "99999999"  # above any process id


def own_folder(path: str) -> None:
    """Make a folder that only we may enter, or look whether it is that. Raises Conflict."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        found = os.lstat(path)
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        if not ours or stat.S_IMODE(found.st_mode) & 0o077:
            raise Conflict(
                f"{path} is not a folder that only this user may enter",
                place="starting an embedded database",
                remedy=f"move it away, or: chmod 0700 {path}",
            ) from None


def locked(path: str, kind: int) -> int:
    """Return a descriptor that holds a lock; it waits while a server is being started or stopped."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def server_lock(folder: str) -> int | None:
    """Return a descriptor with the lock that a guard holds for as long as it lives, or None."""
    try:
        return locked(os.path.join(folder, "server"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def free_stale_pid_file(path: str) -> None:
    """Make a pid file harmless whose process is now another program.

    PostgreSQL would refuse to start because of it. Only the number is replaced: its look at the shared memory
    that the file also names keeps guarding against a server that is still there.
    """
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            lines = file.read().split("\n")
        program = os.readlink(f"/proc/{int(lines[0])}/exe")
    except (OSError, ValueError):
        return
    if os.path.basename(program).split(" ")[0] != "postgres":
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join([_NO_PROCESS, *lines[1:]]))


def tail(path: str) -> str:
    """Return the end of a log; an empty text where there is none yet."""
    if not os.path.exists(path):
        return ""
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
        return file.read().decode("utf-8", "replace")
