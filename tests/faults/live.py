"""A run in a process of its own, with real signals, a real terminal and real children."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from project import Project
from waiting import noted, until

_START = "import sys; from cutter.cli.main import entry; entry()"
STEPS = """\
  - {name: First, file: {path: "{{ world }}/first", source: text}}
  - name: Slow
    command:
      argv: [sh, -c, "cd '{{ world }}'; echo $$ >> pids; (until [ -e ../gate ]; do sleep 0.02; done) &
        echo $! >> pids; wait; touch done"]
      check: [test, -e, "{{ world }}/done"]
    irreversible: it is a test
  - {name: Last, file: {path: "{{ world }}/last", source: text}}
"""


class Live(Project):
    """A project whose second step goes on when a test says so; its two shells say who they are."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write("runbooks/text", "text\n")
        self.site = self.runbook(STEPS)
        self._started: list[subprocess.Popen[bytes]] = []

    def go_on(self) -> None:
        """Let the second step end, now and whenever it comes."""
        (self.folder / "gate").touch()

    def end(self) -> None:
        """End whatever was started and still runs, so that a test that failed disturbs no other."""
        self.go_on()
        for run in self._started:
            run.kill()
            run.wait()

    def start(self, *words: str, yes: bool = True, **options: Any) -> subprocess.Popen[bytes]:
        """Start an apply, its output in a file."""
        argv = [sys.executable, "-c", _START, "apply", "-i", str(self.folder / "inventory/here"), self.site]
        with (self.folder / "said").open("ab") as said:
            given = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said, **options}
            run = subprocess.Popen([*argv, *(["--yes"] if yes else []), *words], **given)
        self._started.append(run)
        return run

    def on_terminal(self, *words: str, yes: bool = True) -> tuple[subprocess.Popen[bytes], int]:
        """Start an apply on a terminal of its own; return it and the other end of the terminal."""
        ours, theirs = pty.openpty()
        run = self.start(
            *words,
            yes=yes,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        return run, ours

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def until_slow(self) -> list[int]:
        """Wait until the second step is under way and return its processes."""
        until(lambda: len(self.pids()) == 2)
        return self.pids()

    def pids(self) -> list[int]:
        return noted(self.world / "pids")

    def outcomes(self) -> dict[str, str]:
        """Return what the ledger says of each step, the newest word."""
        return {item["step"]: item["outcome"] for item in self.entries("evidence")}


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def send(run: subprocess.Popen[bytes], number: signal.Signals) -> None:
    run.send_signal(number)
