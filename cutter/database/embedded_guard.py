"""The process between an embedded server and its users: it ends the server when nobody uses it any more.

A script of its own, run as ``python -I -S embedded_guard.py FOLDER LOCK_FD SOCKETS ARGV...``. Whoever uses
the server holds a shared lock on FOLDER/users, and a lock dies with its holder, however that one dies. The
guard waits for the exclusive lock; when it has it, nobody is left. Should the guard itself be killed, the
server gets the signal that ``setpriv --pdeathsig`` asked for.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

READY_SECONDS = 60.0
_STOPPING = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
_STATUS_LINE = 7


def main(folder: str, lock: int, sockets: str, argv: list[str]) -> int:
    """Start the server, say ``ready`` when it is, and wait until it ends or nobody holds it."""
    os.set_inheritable(lock, False)  # noqa: FBT003 - the standard library has no keyword for it
    with open(os.path.join(folder, "server.log"), "ab") as log:
        server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever wants it to end lets go of it
    if not _ready(server, os.path.join(folder, "data", "postmaster.pid")):
        _stop(server)
        return 1
    os.write(1, b"ready\n")
    os.close(1)
    wanted = threading.Event()
    threading.Thread(target=_end_with, args=(server, wanted), daemon=True).start()
    with open(os.path.join(folder, "users"), "rb") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        wanted.set()
        _stop(server)
        with contextlib.suppress(OSError):
            os.rmdir(sockets)  # it may be outside the folder, where nobody else would ever remove it
        os.close(lock)  # before the users' lock: who gets that one finds no server
    return 0


def _ready(server: subprocess.Popen[bytes], pid_file: str) -> bool:
    """Wait until the server's own file says so; that of a predecessor names another process."""
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with open(pid_file, encoding="ascii", errors="replace") as file:
                lines = file.read().splitlines()
        except OSError:
            lines = []
        if lines[:1] == [str(server.pid)] and [line.strip() for line in lines[_STATUS_LINE:]] == ["ready"]:
            return True
        time.sleep(0.01)
    return False


def _end_with(server: subprocess.Popen[bytes], wanted: threading.Event) -> None:
    """End this process when the server ends by itself: who waits for an answer then starts another."""
    server.wait()
    if not wanted.is_set():
        os._exit(1)


def _stop(server: subprocess.Popen[bytes]) -> None:
    for number, seconds in _STOPPING:
        if server.poll() is None:
            server.send_signal(number)
        try:
            server.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]))
