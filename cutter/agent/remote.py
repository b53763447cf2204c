"""The agent's main loop on a target: serves one controller until its channel closes. Travels.

It reads requests from standard input and answers on standard output, one frame per step as it is known, and a
beat every few seconds in between, so that silence means that something is wrong. It ends with its channel,
and whatever child it has at that moment ends with it.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO, Optional

from cutter import facts
from cutter.agent import armed
from cutter.agent.frames import Broken, Frame, packed, read_frame
from cutter.agent.looking import Looker
from cutter.agent.wire import error_body, look_body, step_of
from cutter.agent.words import bug_in, from_os
from cutter.errors import CutterError
from cutter.filesystem.kept import KeptContent

PROTOCOL = 1
MOVES = ("apply", "revert")
BEAT_SECONDS = 5.0
_OUT_OF_CHANNEL = 75
_PATIENCE_SECONDS = 0.01


def main(marker: str) -> None:
    """Serve on standard input and output, after the marker that tells where the noise of a login ends."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)  # no child reads requests, none writes among the answers
    os.dup2(2, 1)
    answers.write(b"\n" + marker.encode("ascii") + b"\n")
    gc.freeze()  # what was loaded stays; until here collecting would cost more than all the rest of a start
    gc.enable()
    _Conversation(requests, answers).serve()
    os._exit(0)  # all is said, and taking the interpreter apart takes longer than many a look


class _Conversation:
    """One controller's requests, one after the other, and their answers."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers
        self._writing = threading.Lock()
        self._stopped = threading.Event()
        self._idle = threading.Event()
        self._frames: deque[Optional[Frame]] = deque()
        self._waiting = threading.Semaphore(0)  # a queue of the library costs more to import than a look
        self._content: dict[str, bytes] = {}
        self._flushed = 0.0

    def serve(self) -> None:
        """Answer until the channel closes."""
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()
        self._idle.set()
        self._answer({"hello": PROTOCOL, "identity": facts.machine_identity()})
        while True:
            self._waiting.acquire()
            frame = self._frames.popleft()
            if frame is None:
                return
            self._idle.clear()
            self._serve(frame)
            self._idle.set()

    def _serve(self, frame: Frame) -> None:
        if frame.digest:
            self._content[frame.digest] = frame.content
            return
        try:
            at_once = frame.message["verb"] in MOVES
            for body in self._replies(frame.message):
                self._answer(body, at_once=at_once)
            self._answer({"end": True})
        except CutterError as error:
            self._answer({"error": error_body(error)})
        except OSError as error:
            self._answer({"error": error_body(from_os(error))})
        except Exception as bug:  # noqa: BLE001 - whatever it is, the controller has to know
            self._answer({"error": error_body(bug_in("the agent", bug))})

    def _replies(self, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        verb = asked["verb"]
        if verb == "look":
            armed.refuse_open(asked["state"])
            steps = [step_of(body) for body in asked["steps"]]
            looker = Looker(self._kept(asked), bytes.fromhex(asked["key"]))
            looker.state_folder = asked["state"]
            return map(look_body, looker.look(steps, preview=asked["preview"]))
        if verb == "facts":
            return iter([{"facts": {name: facts.fact(name) for name in asked["names"]}}])
        from cutter.agent import moves  # most runs find nothing to do, and never ask for it

        return moves.replies(asked, partial(self._kept, asked), self._stopped.is_set)

    def _kept(self, asked: Mapping[str, Any]) -> KeptContent:
        kept = KeptContent(asked["kept"])
        for digest, content in self._content.items():
            kept.offer(digest, content)
        return kept

    def _answer(self, body: Mapping[str, Any], *, at_once: bool = True) -> None:
        """Answer; what only tells of a look may wait a moment for what comes after it."""
        with self._writing:
            try:
                self._answers.write(packed(body))
                if at_once or time.monotonic() - self._flushed > _PATIENCE_SECONDS:
                    self._answers.flush()
                    self._flushed = time.monotonic()
            except OSError:
                os._exit(_OUT_OF_CHANNEL)

    def _beat(self) -> None:
        pause = threading.Event()
        while not pause.wait(BEAT_SECONDS):
            if not self._idle.is_set():
                self._answer({"beat": True})

    def _listen(self) -> None:
        """Take frames as they come; where they end, end everything: whoever asked is gone."""
        try:
            while True:
                frame = read_frame(self._requests.read)
                if frame is None:
                    break
                if frame.message.get("verb") == "stop":
                    self._stopped.set()
                    continue
                if frame.message.get("verb") in MOVES:
                    self._stopped.clear()
                self._take(frame)
        except (Broken, OSError) as error:
            sys.stderr.write(f"cutter: the channel broke: {error}\n")
        if not self._idle.is_set():
            os._exit(_OUT_OF_CHANNEL)  # the guard of its children sees that, and ends them
        self._take(None)

    def _take(self, frame: Optional[Frame]) -> None:
        self._frames.append(frame)
        self._waiting.release()
