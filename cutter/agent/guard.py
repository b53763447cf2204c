"""The guard: a process apart that takes a group of steps back when nobody confirms it in time. Travels.

It is started before the first effect, has a session of its own, and lives on when the agent and its
connection are gone. Asked to end, as when the machine is shut down, it takes the group back at once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from cutter.agent import armed
from cutter.agent.carried import UNPACK, packed
from cutter.agent.putting_back import taken_back
from cutter.agent.running import Agent
from cutter.children import minimal_environment
from cutter.errors import StepFailed
from cutter.filesystem.kept import KeptContent

_BOOT = (
    "import json,marshal,sys,zlib;i=sys.stdin.buffer;p,s=json.loads(i.readline());sys.path[:0]=p;d=i.read(s);"
    f"d and exec({UNPACK!r});from cutter.agent.guard import main;main()"
)
_READY = b"ready"
_PAUSE_SECONDS = 0.1


def start(folder: str, name: str, kept: str, key: bytes) -> None:
    """Start the guard of a group that is armed. Raises StepFailed when it does not stand."""
    asked = {"folder": folder, "name": name, "kept": kept, "key": key.hex()}
    carried = packed()
    head = json.dumps([[entry for entry in sys.path if entry], len(carried)])
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _BOOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=minimal_environment(),
        start_new_session=True,
    )
    said, _ = process.communicate(f"{head}\n".encode() + carried + json.dumps(asked).encode())
    if said != _READY:
        raise StepFailed(f"its guard does not stand: {said.decode('utf-8', 'replace') or 'it ended at once'}")


def main() -> None:
    """Stand guard as standard input says; the one who started this goes on once it stands."""
    asked = json.loads(sys.stdin.buffer.read())
    if os.fork():
        os._exit(0)
    _Guard(asked).stand()


class _Guard:
    """One group, and what it takes to put it back."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._folder: str = asked["folder"]
        self._name: str = asked["name"]
        self._agent = Agent(KeptContent(asked["kept"]), bytes.fromhex(asked["key"]))
        self._told = False

    def stand(self) -> None:
        """Wait for the confirmation, and take the group back where none comes."""
        for number in (signal.SIGHUP, signal.SIGINT):
            signal.signal(number, _pass_over)  # one that is ignored would be so for children too
        signal.signal(signal.SIGTERM, self._end)
        with armed.held(armed.path_of(self._folder, armed.ARMED, self._name)) as mine:
            if mine:
                self._say_ready()
                self._wait()
                self._take_back()

    def _end(self, number: int, frame: object) -> None:
        _pass_over(number, frame)
        self._told = True

    def _say_ready(self) -> None:
        os.write(1, _READY)
        nothing = os.open(os.devnull, os.O_RDWR)
        for file in (0, 1, 2):
            os.dup2(nothing, file)

    def _wait(self) -> None:
        path = armed.path_of(self._folder, armed.ARMED, self._name)
        deadline = float(armed.read(path).head["deadline"])
        while os.path.lexists(path) and armed.now() < deadline and not self._told:
            time.sleep(_PAUSE_SECONDS)

    def _take_back(self) -> None:
        for was in (armed.ARMED, armed.DUE):
            if armed.turn(self._folder, self._name, was, armed.TAKING):
                taken_back(self._folder, self._name, self._agent, at_rest=was == armed.DUE)
                return


def _pass_over(number: int, frame: object) -> None:
    del number, frame
