from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cutter.errors import StepFailed
from cutter.filesystem.inspection import inspect


def test_a_program_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    argv = ["sh", "-c", f"sleep 60 & echo $! > {pid}; wait", "{candidate}"]
    started = time.monotonic()
    with pytest.raises(StepFailed, match=r"did not end within 0\.3 seconds"):
        inspect(argv, "/x", seconds=0.3)
    assert time.monotonic() - started < 10
    child = int(pid.read_text())
    for _ in range(100):
        if not _runs(child):
            return
        time.sleep(0.02)
    pytest.fail("the child was left behind")


def test_a_child_that_keeps_the_output_open_does_not_hold_us_up() -> None:
    started = time.monotonic()
    inspect(["sh", "-c", "sleep 3 &", "{candidate}"], "/x")
    assert time.monotonic() - started < 2


def test_only_the_last_lines_are_told_and_the_signal_is() -> None:
    argv = ["sh", "-c", "seq 1 100000; echo end of $0 >&2; kill -9 $$", "{candidate}"]
    with pytest.raises(StepFailed, match="was ended by signal 9") as failed:
        inspect(argv, "/some/where/.cutter-123")
    lines = failed.value.cause.splitlines()
    assert lines[-1] == "end of {candidate}"
    assert len(lines) == 21


def test_the_program_leads_its_own_group_and_has_no_input(tmp_path: Path) -> None:
    out = tmp_path / "out"
    inspect(["sh", "-c", f"cat; ps -o pgid= -p $$ > {out}; echo $$ >> {out}", "{candidate}"], "/x")
    group, own = out.read_text().split()
    assert group == own != str(os.getpgid(0))


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1]
    except FileNotFoundError:
        return False
