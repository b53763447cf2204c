from __future__ import annotations

import os
from pathlib import Path

import pytest
from waiting import all_gone, until

from cutter.errors import StepFailed
from cutter.filesystem.inspection import inspect


def test_a_program_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    argv = ["sh", "-c", f"sleep 1000 & echo $! > {pid}; wait", "{candidate}"]
    with pytest.raises(StepFailed, match="did not end within 1 seconds"):
        inspect(argv, "/x", seconds=1)
    until(lambda: all_gone(pid))


def test_a_child_that_keeps_the_output_open_does_not_hold_us_up() -> None:
    inspect(["sh", "-c", "sleep 1000 &", "{candidate}"], "/x", seconds=60)


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
