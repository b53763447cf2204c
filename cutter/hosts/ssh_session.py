"""One agent on one host over one ssh: started when first needed, asked in turn, ended with this object."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from threading import RLock
from typing import Any

from cutter.agent.frames import Broken, Frame, packed, packed_bytes, read_frame
from cutter.agent.remote import PROTOCOL
from cutter.agent.wire import error_of
from cutter.errors import CutterError, Unavailable
from cutter.hosts.luggage import luggage_packed
from cutter.hosts.pipes import rest_of, started
from cutter.hosts.remote_words import SPARE_LINES, announced
from cutter.hosts.ssh_command import PASSWORD_PROMPT, Route, agent_command, environment
from cutter.hosts.ssh_faults import fault_of
from cutter.model.secret import Secret

START_SECONDS = 60.0
SILENCE_SECONDS = 20.0
END_SECONDS = 2.0
_CHUNK = 1 << 16
_KEPT = 8192


class Session:
    """A conversation with the agent of one host. Not for several threads at once."""

    def __init__(
        self, name: str, route: Route, password: Secret | None = None, types: frozenset[str] | None = None
    ) -> None:
        """Take the host's name, the way to it, and the password of sudo there; nothing is started yet.

        `types` are those that the agent is to know, all where nobody says.
        """
        self.name = name
        self.identity = ""
        """What tells that machine from every other, once an agent said so: each one must say the same."""
        self.broken: CutterError | None = None
        """Why the conversation is over, if it is: one command does not begin it anew."""
        self.facts: dict[str, str] = {}
        """What was asked of the host in this command, and is not asked again."""
        self._sending = RLock()
        self._stop_sent = False
        self._dismissed = False
        self._greeted = False
        self.broken_off = False
        """Whether somebody ended it from another thread."""
        self._route = route
        self._password = self._unsaid = password
        self._types = types
        self._process: subprocess.Popen[bytes] | None = None
        self._received = bytearray()
        self._complaints = b""
        self._sent: set[str] = set()

    def ask(
        self, message: Mapping[str, Any], content: Mapping[str, bytes] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Yield what the agent answers, each as it comes.

        `content` goes before, each piece once in a session. Raises what the agent raised, and Unavailable
        when the host cannot be reached, falls silent or breaks off.
        """
        self.start()
        self._stop_sent = False
        for digest, held in (content or {}).items():
            if digest not in self._sent:
                self._send(packed_bytes(digest, held))
                self._sent.add(digest)
        self._send(packed(message))
        while True:
            frame = self._next(SILENCE_SECONDS)
            if "error" in frame.message:
                raise error_of(frame.message["error"])
            if "end" in frame.message:
                return
            if "beat" not in frame.message:
                yield frame.message

    def equip(self, types: Collection[str] | None) -> None:
        """Let the agent know these types, or all; one that was started with less will be started anew."""
        if self._types is None or (types is not None and self._types.issuperset(types)):
            return
        self._types = None
        self.close()

    def fresh(self) -> Session:
        """Return another session with the same machine, over a connection of its own."""
        other = Session(self.name, self._route._replace(fresh=True), self._password)
        other.identity = self.identity
        return other

    def ask_to_stop(self) -> None:
        """Ask the agent, from another thread, to begin no other step; once is enough, more do no harm."""
        if self._stop_sent or not self._sending.acquire(blocking=False):
            return
        try:  # before it greets it would take this for what is carried to it
            if self._greeted and self._process is not None and self._process.stdin is not None:
                with suppress(OSError, ValueError):  # whoever waits for its answers says so
                    os.write(self._process.stdin.fileno(), packed({"verb": "stop"}))
                    self._stop_sent = True
        finally:
            self._sending.release()

    def break_off(self) -> None:
        """End the connection, from another thread; whoever waits for an answer is told."""
        self.broken_off = True
        process = self._process
        if process is not None:
            process.kill()

    def whose(self) -> str:
        """Return what tells that machine from every other; an agent that was let go has told it."""
        if self.broken is not None or not (self._dismissed and self.identity):
            self.start()
        return self.identity

    def start(self) -> None:
        """Start the agent, unless it is there. Raises Unavailable, and PermissionRefused for a password."""
        if self.broken is not None:
            raise self.broken
        if self._dismissed:
            self.close()
        if self._process is None:
            self._start()

    def _start(self) -> None:
        marker = os.urandom(12).hex()
        with self._sending:
            self._greeted = False
        self._unsaid, self._received, self._complaints = self._password, bytearray(), b""
        self._process = self._started(agent_command(self._route, marker))
        if self.broken_off:
            self._process.kill()
        if self._route.asks_password:
            self._answer_question(f"{marker} ready ".encode())
        else:
            self._send(SPARE_LINES)
        self._skip_noise(f"{marker} ready ".encode())
        self._send(announced(marker, luggage_packed(self._magic(), self._types)))
        self._skip_noise(f"\n{marker}\n".encode())
        hello = self._next(START_SECONDS).message
        if hello.get("hello") != PROTOCOL:
            raise self._broken("the agent speaks another language")
        self._greeted = True
        if self.identity not in ("", hello["identity"]):  # what was asked of the first is true of that alone
            raise self._broken("another machine answers there than before")
        self.identity = str(hello["identity"])

    def let_go(self) -> None:
        """Let the agent end, and a step that is under way with it; nobody waits for that before `close`.

        Whoever asks again begins with another one.
        """
        with self._sending:
            self._dismissed = True
            if self._process is not None and self._process.stdin is not None:
                with suppress(OSError):
                    self._process.stdin.close()

    def close(self) -> None:
        """End the agent; a step that is under way ends with it."""
        with self._sending:
            process, self._process, self._dismissed = self._process, None, False
        if process is None:
            return
        self._sent.clear()
        for pipe in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        if process.poll() is None:
            process.kill()
            process.wait()

    def _started(self, argv: list[str]) -> subprocess.Popen[bytes]:
        try:
            return started(argv, environment(self._route.hidden))
        except OSError as error:
            cause = f"{argv[0]} cannot be started: {error.strerror}"
            raise Unavailable(cause, place=self.name, remedy="apt-get install openssh-client") from error

    def _answer_question(self, ready: bytes) -> None:
        """Give sudo the password if it asks for one; the agent may also begin without."""
        deadline = time.monotonic() + START_SECONDS
        while ready not in self._received:
            if PASSWORD_PROMPT.encode() in self._complaints:
                self._complaints = self._complaints.replace(PASSWORD_PROMPT.encode(), b"")
                if self._unsaid is None:
                    raise self._broken("sudo asks for a password, and none was given")
                self._send(self._unsaid.reveal().encode() + b"\n")
                self._unsaid = None  # asked again, it was wrong
            self._fill(deadline)

    def _magic(self) -> bytes:
        """Return how compiled code begins for the Python there; nothing that it would not say."""
        deadline = time.monotonic() + START_SECONDS
        while b"\n" not in self._received:
            self._fill(deadline)
        line, _, rest = self._received.partition(b"\n")
        self._received = rest
        with suppress(ValueError):
            return bytes.fromhex(line.decode("ascii"))
        return b""

    def _skip_noise(self, marker: bytes) -> None:
        deadline = time.monotonic() + START_SECONDS
        while marker not in self._received:
            self._fill(deadline)
        del self._received[: self._received.index(marker) + len(marker)]

    def _next(self, seconds: float) -> Frame:
        deadline = time.monotonic() + seconds
        try:
            frame = read_frame(lambda size: self._take(size, deadline))
        except Broken as error:
            raise self._broken(str(error)) from None
        if frame is None:
            raise self._broken("the agent ended")
        return frame

    def _take(self, size: int, deadline: float) -> bytes:
        while len(self._received) < size:
            self._fill(deadline)
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _fill(self, deadline: float) -> None:
        """Wait for something to read, from either pipe. Raises Unavailable at the deadline or the end."""
        process = self._running()
        if process.stdout is None or process.stderr is None:
            return
        said, complained = process.stdout.fileno(), process.stderr.fileno()
        found = self._poll({said: select.POLLIN, complained: select.POLLIN}, deadline)
        if complained in found:
            with suppress(BlockingIOError):
                self._complaints = (self._complaints + os.read(complained, _CHUNK))[-_KEPT:]
        if said in found:
            chunk = os.read(said, _CHUNK)
            if not chunk:
                raise self._broken("")
            self._received += chunk

    def _send(self, content: bytes) -> None:
        with self._sending:
            self._write(content)

    def _write(self, content: bytes) -> None:
        """Write all of it. Raises Unavailable where the other side does not take it."""
        process, view = self._running(), memoryview(content)
        if process.stdin is None:
            return
        fd = process.stdin.fileno()
        while view:
            self._poll({fd: select.POLLOUT}, time.monotonic() + START_SECONDS)
            try:
                view = view[os.write(fd, view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._broken("") from None

    def _poll(self, wanted: Mapping[int, int], deadline: float) -> set[int]:
        poll = select.poll()
        for fd, events in wanted.items():
            poll.register(fd, events)
        found = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        if not found:
            raise self._broken(self._silence())
        return {fd for fd, _ in found}

    def _silence(self) -> str:
        if self._greeted:
            return f"it said nothing for {SILENCE_SECONDS:g} s"
        return f"no agent began there in {START_SECONDS:g} s: its login may wait for something"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise Unavailable("the connection was closed", place=self.name)
        return self._process

    def _broken(self, why: str) -> CutterError:
        """End the session and return the complaint: what ssh said of it, else `why`."""
        process = self._running()
        if not why:
            self._complaints = (self._complaints + rest_of(process.stderr))[-_KEPT:]
        if not (why or self._greeted):
            self._received += rest_of(process.stdout)
        self.close()
        shown = b"" if self._greeted else bytes(self._received[-_KEPT:])
        self.broken = fault_of(self.name, self._route, process.returncode, self._complaints, why, shown=shown)
        return self.broken
