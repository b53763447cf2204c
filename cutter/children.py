"""Runs a program as a child that inherits no secret, cannot ask anything, and cannot outlive its call.

The child has its own session and process group, which is killed as a whole when the child ends or its time is
up. Input and output go through memory files, so that nothing is written to disk and no pipe can be held open.
Beside it waits a guard, which does the same should this process be killed first: it finds the children by a
mark in their environment, those too that have left the group.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from math import inf
from threading import Event, Thread
from typing import BinaryIO, NoReturn

from cutter.errors import PermissionRefused, Unavailable
from cutter.named_tuple import NamedTuple

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OUTPUT_LIMIT = 64 * 1024 * 1024
_WATCH_SECONDS = 0.2
_STRIKE_SECONDS = 5.0
_MARK = "CUTTER_CHILD"
# Its input ends when this process does. Whoever was just being started is found in a later turn.
_GUARD = """
while read -r line; do group=$line; done
[ -z "$group" ] || kill -9 "-$group"
for turn in 1 2 3 4 5; do
    for found in $(grep -lsF "$0" /proc/[0-9]*/environ); do
        found=${found%/environ}
        kill -9 "${found#/proc/}"
    done
    sleep 0.05
done
"""


class Finished(NamedTuple):
    """A child that ended: its exit code (negative: the signal), its output, and why it was killed, if so."""

    argv: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: bytes
    killed: str

    @property
    def succeeded(self) -> bool:
        """Tell whether it ended by itself with exit code 0."""
        return self.code == 0 and not self.killed

    def last_lines(self, count: int = 5) -> str:
        """Return the end of what it said, standard error first, as text for a message."""
        for output in (self.stderr, self.stdout):
            lines = output[-4096:].decode("utf-8", "replace").strip().splitlines()
            if lines:
                return "\n".join(lines[-count:])
        return "it said nothing"


class Guard:
    """A process that kills the children it was told of when this process dies."""

    def __init__(self) -> None:
        """Start it. Raises Unavailable when that cannot be done."""
        self.mark = os.urandom(16).hex()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, self.mark],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": DEFAULT_PATH},
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            _not_started("/bin/sh", error, None, "dash")

    @property
    def sign(self) -> Mapping[str, str]:
        """What a child must have in its environment to be found."""
        return {_MARK: self.mark}

    def watch(self, group: int | None) -> None:
        """Watch over a process group from now on, or over none."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(f"{group or ''}\n".encode())

    def strike(self) -> None:
        """Have it kill what it watches over, as if this process had died."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STRIKE_SECONDS)

    def dismiss(self) -> None:
        """End it: the children are dealt with."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


@contextmanager
def guarded() -> Iterator[Guard]:
    """Guard a block: what its children leave running dies too, should this process die inside it."""
    guard = Guard()
    try:
        yield guard
    except KeyboardInterrupt:  # anywhere, also where a child was started and nobody waits for it yet
        guard.strike()
        raise
    finally:
        guard.dismiss()


def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout: float = 300,
    environment: Mapping[str, str] | None = None,
    cwd: str | None = None,
    package: str = "",
    guard: Guard | None = None,
    aborted: Callable[[], bool] = bool,
) -> Finished:
    """Run a program to its end and return what came of it; no exit code makes this raise.

    `environment` is added to the minimal one; `timeout` is in seconds; `package` is the Debian package to
    name when the program is missing; `guard` is that of the block, if the block has one; `aborted`, asked now
    and then, has it killed. Raises Unavailable and PermissionRefused when it cannot be started.
    """
    guarding = guarded() if guard is None else nullcontext(guard)
    with _memory(stdin) as source, _memory() as stdout, _memory() as stderr, guarding as watcher:
        try:
            child = subprocess.Popen(
                list(argv),
                stdin=source if stdin else subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=cwd,
                env={**minimal_environment(), **(environment or {}), **watcher.sign},
                start_new_session=True,
            )
        except OSError as error:
            _not_started(argv[0], error, cwd, package)
        watcher.watch(child.pid)
        killed = _wait(child, timeout, partial(_wrong, (stdout, stderr), aborted))
        watcher.watch(None)
        return Finished(tuple(argv), child.returncode, _written(stdout), _written(stderr), killed)


def minimal_environment() -> dict[str, str]:
    """Return PATH, HOME and LANG and nothing else of what this process has."""
    return {
        "PATH": os.environ.get("PATH", DEFAULT_PATH),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
    }


def exit_code_of(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code of a process once it has ended; a signal that comes meanwhile is heeded."""
    ended, waiter = _awaited(process)
    _watched(ended, inf, str)
    waiter.join()
    return process.wait()


def _wait(child: subprocess.Popen[bytes], timeout: float, wrong: Callable[[], str]) -> str:
    """Wait for the end, kill what is left of the group, and return why the child had to be killed."""
    waiter = None
    try:
        ended, waiter = _awaited(child)
        return _watched(ended, timeout, wrong)
    finally:
        _kill_group(child.pid)
        if waiter is not None:
            waiter.join()
        child.wait()


def _awaited(child: subprocess.Popen[bytes]) -> tuple[Event, Thread]:
    """Let a thread wait for the end of a child, so that this one looks up now and then.

    A signal that comes right before a wait in the system would be heeded only after it.
    """
    ended = Event()
    waiter = Thread(target=_await_end, args=(child.pid, ended), daemon=True)
    waiter.start()
    return ended, waiter


def _await_end(pid: int, ended: Event) -> None:
    with suppress(ChildProcessError):  # the wait was broken off, and the child is gone
        # WNOWAIT: the number of the group stays ours until the group has been killed
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    ended.set()


def _watched(ended: Event, timeout: float, wrong: Callable[[], str]) -> str:
    deadline = time.monotonic() + timeout
    while not ended.wait(max(0.0, min(_WATCH_SECONDS, deadline - time.monotonic()))):
        late = time.monotonic() >= deadline
        why = f"it took longer than {timeout:g} seconds" if late else wrong()
        if why:
            return why
    return ""


def _wrong(outputs: Sequence[BinaryIO], aborted: Callable[[], bool]) -> str:
    """Say why a child must be killed before its time is up, or nothing."""
    if any(os.fstat(output.fileno()).st_size > OUTPUT_LIMIT for output in outputs):
        return f"it wrote more than {OUTPUT_LIMIT} bytes"
    return "it was aborted" if aborted() else ""


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


@contextmanager
def _memory(content: bytes = b"") -> Iterator[BinaryIO]:
    with os.fdopen(os.memfd_create("child", os.MFD_CLOEXEC), "w+b", buffering=0) as file:
        file.write(content)
        file.seek(0)
        yield file


def _written(output: BinaryIO) -> bytes:
    output.seek(0)
    return output.read()


def _not_started(program: str, error: OSError, cwd: str | None, package: str) -> NoReturn:
    place = f"running {program}"
    if cwd is not None and error.filename == cwd:
        raise Unavailable(
            f"the folder {cwd} to run in cannot be entered: {error.strerror}", place=place
        ) from error
    if isinstance(error, FileNotFoundError):
        remedy = f"apt-get install {package}" if package else f"install {program}, or give its full path"
        raise Unavailable(f"{program} is not installed", place=place, remedy=remedy) from error
    if isinstance(error, PermissionError):
        raise PermissionRefused(f"{program} may not be executed by this user", place=place) from error
    raise Unavailable(f"{program} cannot be executed: {error.strerror}", place=place) from error
