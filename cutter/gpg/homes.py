"""Calling gpg in a home of its own: to look without a trace, or to work and leave no agent behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cutter.children import Finished, Guard, guarded, run
from cutter.errors import StepFailed

PACKAGE = "gnupg"
_ALWAYS = ("--batch", "--no-tty", "--no-options", "--pinentry-mode", "error")
_LOOKING = ("--lock-never", "--no-autostart", "--no-auto-check-trustdb")
_LONGEST_HOME = 80  # a socket's path has 108 bytes, and the longest name in a home is S.gpg-agent.browser
_COMPANIONS = ("gpg-agent", "dirmngr", "keyboxd", "scdaemon")
_SECONDS_TO_END = 3.0


def available() -> str:
    """Return the version of gpg, like ``2.2.40``. Raises Unavailable, naming the Debian package."""
    first = run(["gpg", "--version"], package=PACKAGE).stdout.decode("utf-8", "replace").partition("\n")[0]
    return first.rpartition(" ")[2]


def look(home: str, *words: str, stdin: bytes = b"") -> Finished:
    """Run gpg so that it changes nothing in a home that has a keyring. Raises Unavailable without gpg."""
    return run(["gpg", "--homedir", home, *_ALWAYS, *_LOOKING, *words], stdin=stdin, package=PACKAGE)


def work(home: str, *words: str, stdin: bytes = b"") -> Finished:
    """Run gpg with an agent, which is gone afterwards. Raises StepFailed with gpg's own words."""
    with at_work(home) as (guard, path):
        ended = run(command(path, *words), stdin=stdin, package=PACKAGE, guard=guard)
    if not ended.succeeded:
        raise StepFailed(f"gpg: {ended.killed or ended.last_lines()}", place=home)
    return ended


@contextmanager
def at_work(home: str) -> Iterator[tuple[Guard, str]]:
    """Yield a guard, and the path by which gpg is to be told of a home; agents are gone afterwards."""
    with guarded() as guard, _short(home) as path:
        try:
            yield guard, path
        finally:
            _end_companions(path, guard)


def command(home: str, *words: str) -> list[str]:
    """Return the arguments that run gpg in a home: it asks nothing and reads no options."""
    return ["gpg", "--homedir", home, *_ALWAYS, *words]


def companions(home: str) -> list[int]:
    """Return the process ids of the agents that serve a home, as /proc tells them."""
    real = os.path.realpath(home)
    processes = (path for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [int(process.name) for process in processes if _serves(process, real)]


@contextmanager
def _short(home: str) -> Iterator[str]:
    """Yield a path of the home that is short enough for its agent's socket, and that nobody has to remove."""
    if len(os.fsencode(home)) <= _LONGEST_HOME or not os.path.isdir(home):  # of one that is missing gpg tells
        yield home
        return
    fd = os.open(home, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/{os.getpid()}/fd/{fd}"
    finally:
        os.close(fd)


def _end_companions(home: str, guard: Guard) -> None:
    """End every agent of the home: it is the home's own, and starts again when somebody needs it."""
    run(["gpgconf", "--homedir", home, "--kill", "all"], timeout=30, package=PACKAGE, guard=guard)
    deadline = time.monotonic() + _SECONDS_TO_END
    while left := companions(home):
        if time.monotonic() > deadline:
            for pid in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.005)
    # under /run/user the sockets have a folder outside the home
    words = ["gpgconf", "--homedir", home, "--remove-socketdir"]
    run(words, timeout=30, package=PACKAGE, guard=guard)


def _serves(process: Path, home: str) -> bool:
    try:
        words = [os.fsdecode(word) for word in process.joinpath("cmdline").read_bytes().split(b"\0")]
    except OSError:
        return False
    if os.path.basename(words[0]) not in _COMPANIONS or "--homedir" not in words[:-1]:
        return False
    return os.path.realpath(words[words.index("--homedir") + 1]) == home
