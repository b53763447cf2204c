"""Programs that hand bytes to each other: every one of them must end well, or nothing they made counts.

The bytes go from program to program through pipes of the system, not through this process, so that memory
stays flat at any size. No program outlives the call, also when this process is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from cutter.children import Guard, exit_code_of, minimal_environment
from cutter.errors import BackupFailed, Unavailable
from cutter.named_tuple import NamedTuple

_SAID = 4096
_LINES = 3


class Link(NamedTuple):
    """One program of a chain: its arguments, its environment beyond the minimum, what it inherits."""

    argv: Sequence[str]
    environment: Mapping[str, str] = {}
    descriptors: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return os.path.basename(self.argv[0])


class _Running(NamedTuple):
    link: Link
    process: subprocess.Popen[bytes]
    said: int


def run_chain(
    links: Sequence[Link],
    guard: Guard,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    leaves_early: bool = False,
) -> None:
    """Run programs, each reading what the one before it writes, and wait for all of them.

    Raises BackupFailed, naming every program that ended badly and why; Unavailable for one that is missing.
    `leaves_early`: only the last one has to end well, and then ends the others.
    """
    with _started(links, guard, stdin, stdout) as running:
        if leaves_early:
            exit_code_of(running[-1].process)
            _end(running[:-1])
        codes = [exit_code_of(each.process) for each in running]
        judged = running[-1:] if leaves_early else running
        bad = [_complaint(each) for each, code in zip(running, codes, strict=True) if code and each in judged]
    if bad:
        raise BackupFailed("; ".join(reversed(bad)))  # the cause is where the bytes were going


@contextmanager
def _started(links: Sequence[Link], guard: Guard, stdin: int, stdout: int) -> Iterator[list[_Running]]:
    running: list[_Running] = []
    reading, ours = stdin, False
    try:
        for index, link in enumerate(links):
            last = index == len(links) - 1
            onward, writing = (-1, stdout) if last else os.pipe()
            try:
                running.append(_start(link, guard, reading, writing))
            finally:
                for end in ([] if last else [writing]) + ([reading] if ours else []):
                    os.close(end)
                reading, ours = onward, not last
        yield running
    finally:
        if ours:
            os.close(reading)
        _end(running)
        for each in running:
            os.close(each.said)


def _start(link: Link, guard: Guard, stdin: int, stdout: int) -> _Running:
    said = os.memfd_create("said", os.MFD_CLOEXEC)
    try:
        process = subprocess.Popen(
            list(link.argv),
            stdin=stdin,
            stdout=stdout,
            stderr=said,
            pass_fds=link.descriptors,
            env={**minimal_environment(), **link.environment, **guard.sign},
            start_new_session=True,
        )
    except OSError as error:
        os.close(said)
        raise Unavailable(f"{link.name} cannot be executed: {error.strerror}", place=link.name) from None
    return _Running(link, process, said)


def _end(running: Sequence[_Running]) -> None:
    for each in running:
        with suppress(ProcessLookupError, PermissionError):
            if each.process.poll() is None:
                os.killpg(each.process.pid, signal.SIGKILL)
        each.process.wait()


def _complaint(ended: _Running) -> str:
    size = os.fstat(ended.said).st_size
    said = os.pread(ended.said, _SAID, max(0, size - _SAID)).decode("utf-8", "replace").strip().splitlines()
    code = ended.process.returncode
    how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    return f"{ended.link.name} {how}" + (f": {' / '.join(said[-_LINES:])}" if said else "")
