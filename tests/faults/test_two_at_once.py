"""Two applies at once: the second waits or is told who works here; a lock dies with its holder."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from faults.live import Live, send, until


def test_the_second_is_told_who_works_here(tmp_path: Path) -> None:
    live = Live(tmp_path, 300)
    run = live.start()
    live.until_slow()

    answer = live.cutter("apply", "--yes", live.site)

    assert answer.code == 19
    assert f"process {run.pid} of " in answer.err
    assert os.uname().nodename in answer.err
    assert "since " in answer.err
    assert live.cutter("verify", live.site).code == 19
    send(run, signal.SIGTERM)
    until(lambda: "finishing" in live.said())  # two signals of one kind, both pending, are one
    send(run, signal.SIGTERM)
    assert run.wait(60) == 21


def test_the_second_waits_and_finds_it_done(tmp_path: Path) -> None:
    live = Live(tmp_path, 1)
    run = live.start()
    live.until_slow()

    answer = live.cutter("apply", "--yes", "--lock-timeout", "20", live.site)

    assert run.wait(60) == 0
    assert (answer.code, len(live.pids())) == (0, 2), answer
    first, second = live.json("runs")["runs"][::-1]
    assert first["outcomes"] == {"changed": 3}
    assert second["outcomes"] == {"ok": 3}


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    live = Live(tmp_path, 300)
    run = live.start()
    live.until_slow()
    (live.world / "done").touch()
    send(run, signal.SIGKILL)
    run.wait()
    started = time.monotonic()

    assert live.cutter("apply", "--yes", live.site).code == 0
    assert time.monotonic() - started < 5
    assert live.json("runs")["runs"][1]["state"] == "interrupted"
