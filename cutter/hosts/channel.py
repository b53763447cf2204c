"""A program that was started, and its three pipes: what is sent to it, and what it has said so far."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from threading import RLock

from cutter.hosts.pipes import rest_of

END_SECONDS = 2.0
_GLANCE_SECONDS = 0.5
"""How often we look whether a program that says nothing is still there."""
_CHUNK = 1 << 16
_KEPT = 8192


class Lost(Exception):
    """The program said nothing for too long, or, with `ended`, it reads or says nothing any more."""

    def __init__(self, *, ended: bool) -> None:
        """Tell which of both."""
        super().__init__()
        self.ended = ended


class Channel:
    """One conversation with one program. Reading is for one thread; sending and ending also for others."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take a program whose pipes nobody waits for unasked."""
        self.process = process
        self.said = bytearray()
        """What it has said on its output and nobody has taken yet."""
        self.complaints = b""
        """The end of what it has said on its error output."""
        self._sending = RLock()

    def send(self, content: bytes, seconds: float) -> None:
        """Write all of it, waiting so long for each part. Raises Lost."""
        with self._sending:
            view = memoryview(content)
            if self.process.stdin is None or self.process.stdin.closed:
                raise Lost(ended=True)
            fd = self.process.stdin.fileno()
            while view:
                self._wait_for({fd: select.POLLOUT}, time.monotonic() + seconds)
                try:
                    view = view[os.write(fd, view) :]
                except BlockingIOError:
                    continue
                except OSError:
                    raise Lost(ended=True) from None

    def send_unless_busy(self, content: bytes) -> bool:
        """Write something short at once, and tell whether it was; nothing while another thread writes."""
        if not self._sending.acquire(blocking=False):
            return False
        try:
            with suppress(OSError, ValueError):  # whoever waits for its answers says so
                if self.process.stdin is not None:
                    os.write(self.process.stdin.fileno(), content)
                    return True
            return False
        finally:
            self._sending.release()

    def hear(self, deadline: float) -> None:
        """Wait until it says something on either pipe. Raises Lost at the deadline or the end."""
        if self.process.stdout is None or self.process.stderr is None:
            return
        said, complained = self.process.stdout.fileno(), self.process.stderr.fileno()
        found = self._wait_for({said: select.POLLIN, complained: select.POLLIN}, deadline)
        if complained in found:
            with suppress(BlockingIOError):
                self.complaints = (self.complaints + os.read(complained, _CHUNK))[-_KEPT:]
        if said in found:
            chunk = os.read(said, _CHUNK)
            if not chunk:
                raise Lost(ended=True)
            self.said += chunk

    def hear_for(self, mark: bytes, deadline: float) -> None:
        """Hear more of what may come before a mark; the end of it is kept.

        Raises Lost, at the deadline also for one that says something else without end.
        """
        self.hear(deadline)
        if mark not in self.said:
            del self.said[:-_KEPT]
            if time.monotonic() >= deadline:
                raise Lost(ended=False)

    def take(self, size: int, deadline: float) -> bytes:
        """Return so many bytes of what it says. Raises Lost."""
        while len(self.said) < size:
            self.hear(deadline)
        taken = bytes(self.said[:size])
        del self.said[:size]
        return taken

    def take_through(self, mark: bytes, deadline: float) -> bytes:
        """Return the end of what it says before a mark, and take the mark too. Raises Lost."""
        while mark not in self.said:
            self.hear_for(mark, deadline)
        before, _, self.said = self.said.partition(mark)
        return bytes(before)

    def hear_the_end(self) -> None:
        """Take in what it still says while it ends."""
        self.complaints = (self.complaints + rest_of(self.process.stderr))[-_KEPT:]
        self.said += rest_of(self.process.stdout)

    @property
    def last_said(self) -> bytes:
        """The end of what it has said and nobody has taken."""
        return bytes(self.said[-_KEPT:])

    def let_go(self) -> None:
        """Say that nothing more will be sent."""
        with self._sending, suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()

    def kill(self) -> None:
        """Kill it and its children, which could hold its pipes open; a shared connection has left them."""
        with suppress(ProcessLookupError):
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close the pipes and see the program end; one that does not is killed."""
        with self._sending:
            for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)
        if self.process.poll() is None:
            self.kill()
            self.process.wait()

    def _wait_for(self, wanted: Mapping[int, int], deadline: float) -> set[int]:
        """Return what is ready. A shared connection may hold the pipes of a program that is no more."""
        poll = select.poll()
        for fd, events in wanted.items():
            poll.register(fd, events)
        ended = False
        while True:
            left = max(0.0, deadline - time.monotonic())
            found = poll.poll(min(left, _GLANCE_SECONDS) * 1000)
            if found:
                return {fd for fd, _ in found}
            if ended or left <= _GLANCE_SECONDS:
                raise Lost(ended=ended)
            ended = self.process.poll() is not None  # what it said last is still to be heard
