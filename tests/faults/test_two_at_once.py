"""Two applies at once: the second waits or is told who works here; a lock dies with its holder."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from faults.live import Live, send
from waiting import PATIENCE, until


def test_the_second_is_told_who_works_here(live: Live) -> None:
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
    assert run.wait(PATIENCE) == 21


def test_the_second_waits_and_finds_it_done(live: Live) -> None:
    run = live.start()
    live.until_slow()

    waiter = live.start("--lock-timeout", "600")
    until(lambda: _looks_at_the_lock(waiter.pid))
    live.go_on()

    assert run.wait(PATIENCE) == 0, live.said()
    assert waiter.wait(PATIENCE) == 0, live.said()
    assert len(live.pids()) == 2
    first, second = live.json("runs")["runs"][::-1]
    assert first["outcomes"] == {"changed": 3}
    assert second["outcomes"] == {"ok": 3}


def test_the_lock_dies_with_its_holder(live: Live) -> None:
    run = live.start()
    live.until_slow()
    send(run, signal.SIGKILL)
    run.wait()
    live.go_on()

    assert live.cutter("apply", "--yes", live.site).code == 0
    assert live.json("runs")["runs"][1]["state"] == "interrupted"


def _looks_at_the_lock(pid: int) -> bool:
    """Tell whether a process has the file of the lock open: it holds it, or waits for it."""
    with suppress(OSError):
        return any(link.readlink().name == "run.lock" for link in Path(f"/proc/{pid}/fd").iterdir())
    return False
