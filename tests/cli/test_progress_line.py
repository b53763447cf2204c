"""An apply that takes its time says so on a terminal, and nowhere else."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from project import Project

_DEADLINE = 60.0
_MARK = "<until here>"
STEPS = """\
  - {name: Quick, directory: {path: "{{ world }}/a"}}
  - name: Slow
    command:
      argv: [sh, -c, "until test -e {{ world }}/go; do sleep 0.05; done; touch {{ world }}/done"]
      check: [test, -e, "{{ world }}/done"]
    irreversible: it only waits
"""
CUTTER = [sys.executable, "-I", "-c", "from cutter.cli.main import entry; entry()"]


def test_steps_are_counted_on_a_terminal(tmp_path: Path) -> None:
    project = Project(tmp_path)
    words = ["apply", "--yes", "-i", str(tmp_path / "inventory/here"), project.runbook(STEPS)]
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        [*CUTTER, *words], stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True
    ) as run:
        seen = _until(ours, r"steps: 1 of 2 \(\d+ s\)")
        (project.world / "go").touch()
        out, _ = run.communicate(timeout=_DEADLINE)
    os.write(theirs, _MARK.encode())  # what was written before it may still be on its way here
    seen = (seen + _until(ours, _MARK)).removesuffix(_MARK)
    os.close(theirs)
    os.close(ours)
    assert (run.returncode, "steps:" in out) == (0, False)
    assert seen.endswith("\r\x1b[K")


def test_nothing_is_counted_where_there_is_no_terminal(tmp_path: Path) -> None:
    project = Project(tmp_path)
    waits = STEPS.replace("until test -e {{ world }}/go; do sleep 0.05; done", "sleep 1")
    words = ["apply", "--yes", "-i", str(tmp_path / "inventory/here"), project.runbook(waits)]
    run = subprocess.run([*CUTTER, *words], capture_output=True, text=True, check=True, timeout=_DEADLINE)
    assert (run.stderr, "steps:" in run.stdout) == ("", False)


def _until(terminal: int, pattern: str) -> str:
    end, seen = time.monotonic() + _DEADLINE, ""
    while not re.search(pattern, seen):
        assert time.monotonic() < end, seen
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 4096).decode()
    return seen
