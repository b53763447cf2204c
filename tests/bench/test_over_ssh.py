"""What is timed by ssh is the work, whoever does it; what it is compared with looks. No time is asserted."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from bench import processes
from bench.fleet import simulated
from bench.looks import looks
from bench.processes import end, tree, watched
from bench.timing import timed
from bench.work import Work, gap5, many
from ssh.machines import can_be_told_apart
from waiting import until

OWNER = f"{os.geteuid()}:{os.getegid()}"


def done(work: Work, world: Path) -> None:
    for name, content in work.expected.items():
        if content is None:
            (world / name).mkdir(parents=True)
        else:
            (world / name).write_bytes(content)


@pytest.mark.parametrize("together", [False, True])
def test_the_script_sees_whether_the_work_is_done(tmp_path: Path, *, together: bool) -> None:
    work = many(tmp_path, 3)
    done(work, tmp_path)

    def ended(owner: str = OWNER) -> int:
        script = looks(work, str(tmp_path), together=together, owner=owner)
        return subprocess.run(["sh", "-c", script], capture_output=True, check=False).returncode

    assert (ended(), ended("7:7")) == (0, 1)
    (tmp_path / "files/file-00001.txt").write_text("other")
    assert ended() == 1
    (tmp_path / "files/file-00001.txt").unlink()
    assert ended() == 1


@pytest.mark.parametrize("together", [False, True])
def test_the_script_reads_what_each_tool_lays_out_in_its_own_way(tmp_path: Path, *, together: bool) -> None:
    work = gap5(tmp_path)
    done(work, tmp_path)
    script = looks(work, str(tmp_path), together=together, owner=OWNER)
    assert subprocess.run(["sh", "-c", script], check=False).returncode == 0
    (tmp_path / ".env").unlink()
    assert subprocess.run(["sh", "-c", script], check=False, capture_output=True).returncode == 1


def test_what_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    sample = timed(["sh", "-c", "sleep 600 & wait"], tmp_path, cap=0.2)
    assert sample.seconds == math.inf


def test_memory_is_that_of_a_process_and_of_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pause(seconds: float) -> None:
        (tmp_path / "seen").touch()  # both were there
        time.sleep(seconds)

    monkeypatch.setattr(processes, "time", SimpleNamespace(perf_counter=time.perf_counter, sleep=pause))
    found = watched(["sh", "-c", "until [ -e seen ]; do sleep 0.02; done"], tmp_path)
    assert found.own > 0
    assert found.together > 0
    with subprocess.Popen(["sh", "-c", "cat; true"], stdin=subprocess.PIPE) as process:
        until(lambda: len(tree(process.pid)) == 2)
        end(process.pid)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.root
def test_many_hosts_are_simulated_each_with_its_own_files(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not can_be_told_apart():
        pytest.skip("mounts of its own are not allowed to a process here")
    assert "| 2 hosts, nothing to do |" in simulated(tmp_path, (2,))
