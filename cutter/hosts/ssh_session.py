"""One agent on one host over one ssh: started when first needed, asked in turn, ended with this object."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from threading import Lock, Thread
from typing import Any

from cutter.agent.frames import Broken, Frame, Message, message, packed, packed_bytes, read_frame
from cutter.agent.remote import PROTOCOL
from cutter.agent.wire import error_of
from cutter.errors import CutterError, PermissionRefused, Unavailable
from cutter.hosts.channel import Channel, Lost
from cutter.hosts.luggage import luggage_packed
from cutter.hosts.pipes import started
from cutter.hosts.remote_words import SPARE_LINES, announced
from cutter.hosts.ssh_command import Route, agent_command, environment
from cutter.hosts.ssh_faults import fault_of, unstarted
from cutter.hosts.sudo_answer import SudoAnswer
from cutter.model.secret import Secret

START_SECONDS = 60.0
SILENCE_SECONDS = 18.0
"""After so long without a word, or a beat, from an agent it counts as lost: within 20 s of the last one."""

_SHORT = 2048


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
        self.broken_off = False
        """Whether somebody ended it from another thread."""
        self._stop_sent = False
        self._dismissed = False
        self._greeted = False
        self._route = route
        self._password = password
        self._sudo = SudoAnswer(password)
        self._outlived = False
        self._types = types
        self._channel: Channel | None = None
        self._sent: set[str] = set()
        self._starting = Lock()
        self._may_begin = False
        """Whether a thread that has not had its turn yet may begin: nobody asked, or ended all, before."""

    def begin(self) -> None:
        """Let the agent start while something else is done; whoever asks waits, and hears what went wrong."""
        self._may_begin = True
        Thread(target=self._try_to_start, name=f"beginning {self.name}", daemon=True).start()

    def _try_to_start(self) -> None:
        with self._starting:
            if not self._may_begin:
                return
            try:
                self._start()
            except BaseException:  # noqa: BLE001 - it is kept as `broken`, or comes again when somebody asks
                self._end()

    def ask(self, asked: Message, content: Mapping[str, bytes] | None = None) -> Iterator[Message]:
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
        self._send(packed(asked))
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
        with self._not_beginning():
            self._types = None
            self._end()

    def fresh(self) -> Session:
        """Return another session with the same machine, over a connection of its own."""
        other = Session(self.name, self._route._replace(fresh=True), self._password)
        other.identity = self.identity
        return other

    def ask_to_stop(self) -> None:
        """Ask the agent, from another thread, to begin no other step; once is enough, more do no harm."""
        channel = self._channel
        if (
            channel is not None and self._greeted and not self._stop_sent
        ):  # before, it would not know what this is
            self._stop_sent = channel.send_unless_busy(packed({"verb": "stop"}))

    def break_off(self) -> None:
        """End the connection, from another thread; whoever waits for an answer is told."""
        self.broken_off = True
        channel = self._channel
        if channel is not None:
            channel.kill()

    def whose(self) -> str:
        """Return what tells that machine from every other; an agent that was let go has told it."""
        if self.broken is not None or not (self._dismissed and self.identity):
            self.start()
        return self.identity

    def start(self) -> None:
        """Start the agent, unless it is there. Raises Unavailable, and PermissionRefused for a password."""
        with self._not_beginning():
            if self._outlived and not isinstance(self.broken, PermissionRefused):
                self._outlived, self.broken = False, None
                self._end()
            if self.broken is not None:
                raise self.broken
            if self._dismissed:
                self._end()
            if self._channel is None:
                self._start()

    def _start(self) -> None:
        marker = os.urandom(12).hex()
        self._greeted = False
        channel = self._channel = Channel(self._started(agent_command(self._route, marker)))
        if self.broken_off:
            channel.kill()
        with self._told_when_lost():
            magic = self._begun(channel, f"{marker} ready ".encode())
            channel.send(announced(marker, luggage_packed(magic, self._types)), START_SECONDS)
            channel.take_through(f"\n{marker}\n".encode(), time.monotonic() + START_SECONDS)
        self._greet(self._next(START_SECONDS).message)

    def _begun(self, channel: Channel, ready: bytes) -> bytes:
        """Let a Python begin there; return how compiled code begins for it, nothing that it would not say."""
        deadline = time.monotonic() + START_SECONDS
        if self._route.asks_password:
            if not self._sudo.give(channel, ready, deadline):
                raise self._broken("sudo asks for a password, and none was given")
        else:
            channel.send(SPARE_LINES, START_SECONDS)
        channel.take_through(ready, deadline)
        with suppress(ValueError):
            return bytes.fromhex(channel.take_through(b"\n", deadline).decode("ascii"))
        return b""

    def _greet(self, hello: Mapping[str, Any]) -> None:
        if hello.get("hello") != PROTOCOL:
            raise self._broken("the agent speaks another language")
        self._greeted = True
        if self.identity not in ("", hello["identity"]):  # what was asked of the first is true of that alone
            raise self._broken("another machine answers there than before")
        self.identity = str(hello["identity"])

    def let_go(self) -> None:
        """Let the agent end, and a step that is under way with it; nobody waits for that before `close`.

        Whoever asks again begins with another one. One that is still beginning is left to `close`.
        """
        self._may_begin = False
        if self._starting.locked():
            return
        self._dismissed = True
        if self._channel is not None:
            self._channel.let_go()

    def give_way(self) -> bool:
        """Give sudo nothing any more, and return whether another session may take the place of this one.

        Sudo counts wrong passwords: where it has refused one, or not judged it yet, this session stays, and
        begins anew by itself if it was right.
        """
        lost = self.broken is not None and not isinstance(self.broken, PermissionRefused)
        self._outlived = not (self._sudo.withhold() or lost)
        return not self._outlived

    def part(self) -> None:
        """Let the agent end, and break off one that is still beginning; only `close` waits for that."""
        self.let_go()
        if self._starting.locked():
            self.break_off()

    def close(self) -> None:
        """End the agent; a step that is under way ends with it, and one that is still beginning at once."""
        self.part()
        with self._not_beginning():
            self._end()

    @contextmanager
    def _not_beginning(self) -> Iterator[None]:
        """Wait for an agent that is beginning, and let none begin by itself meanwhile or afterwards."""
        self._may_begin = False
        with self._starting:
            yield

    def _end(self) -> None:
        channel, self._channel, self._dismissed = self._channel, None, False
        if channel is not None:
            self._sent.clear()
            channel.close()

    def _started(self, argv: list[str]) -> subprocess.Popen[bytes]:
        try:
            return started(argv, environment(self._route.hidden))
        except OSError as error:
            raise unstarted(self.name, argv[0], error) from error

    def _send(self, content: bytes) -> None:
        with self._told_when_lost():
            self._open().send(content, START_SECONDS)

    def _next(self, seconds: float) -> Frame:
        channel, deadline = self._open(), time.monotonic() + seconds
        try:  # without the words of `_told_when_lost`: there are thousands of frames
            frame = read_frame(lambda size: channel.take(size, deadline), _told)
        except Lost as lost:
            raise self._lost(lost) from None
        except Broken as error:
            raise self._broken(str(error)) from None
        if frame is None:
            raise self._broken("the agent ended")
        return frame

    def _open(self) -> Channel:
        if self._channel is None:
            raise Unavailable("the connection was closed", place=self.name)
        return self._channel

    @contextmanager
    def _told_when_lost(self) -> Iterator[None]:
        """Raise what it means when the other side is lost."""
        try:
            yield
        except Lost as lost:
            raise self._lost(lost) from None

    def _lost(self, lost: Lost) -> CutterError:
        return self._broken("" if lost.ended else self._silence())

    def _silence(self) -> str:
        if self._greeted:
            return f"it said nothing for {SILENCE_SECONDS:g} s"
        return f"no agent began there in {START_SECONDS:g} s: its login may wait for something, or talk on"

    def _broken(self, why: str) -> CutterError:
        """End the session and return the complaint: what ssh said of it, else `why`."""
        channel = self._open()
        if not why:
            channel.hear_the_end()
        self._end()
        shown = b"" if self._greeted else channel.last_said
        code, complaints = channel.process.returncode, channel.complaints
        self.broken = fault_of(self.name, self._route, code, complaints, why, shown=shown)
        return self.broken


def _told(payload: bytes) -> Message:
    return _told_alike(payload) if len(payload) < _SHORT else message(payload)


@lru_cache(maxsize=2048)
def _told_alike(payload: bytes) -> Message:
    """Return what was told; hosts that are alike tell the same, and nobody alters it."""
    return message(payload)
