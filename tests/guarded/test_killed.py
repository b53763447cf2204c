"""Whoever is killed, and when: the host ends as declared and confirmed, or as it was before."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from guarded.breakable import command, guards
from project import in_child
from waiting import until

if TYPE_CHECKING:
    from guarded.breakable import Breakable

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.slow]
HANGS = "touch {{ world }}/begun; exec tail -f /dev/null"
NEVER = "{{ world }}/never"


def meanwhile(breakable: Breakable, act: Callable[[], None]) -> threading.Thread:
    """Act in a thread of its own once the step that hangs is under way."""

    def wait_and_act() -> None:
        until((breakable.project.world / "begun").exists)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def kill_guards(breakable: Breakable) -> None:
    """Kill the guard as soon as it stands."""
    until(lambda: guards(breakable.state))
    for pid in guards(breakable.state):
        os.kill(pid, signal.SIGKILL)


def kill_run(breakable: Breakable, site: str) -> None:
    """Begin a run in a process of its own, and kill that in the middle of its guarded steps."""
    (breakable.project.world / "begun").unlink(missing_ok=True)

    def work() -> int:
        meanwhile(breakable, lambda: os.kill(os.getpid(), signal.SIGKILL))
        return breakable.project.cutter("apply", "--yes", site).code

    assert in_child(work) == -signal.SIGKILL


def test_an_agent_that_hangs_is_ended_and_all_goes_back(breakable: Breakable) -> None:
    answer = breakable.project.cutter("apply", "--yes", breakable.locked_out(more=command(HANGS, NEVER)))
    assert answer.code == 11, answer
    assert breakable.outcomes()["more"] == ("compensated", "taken back")
    assert breakable.is_as_before()


def test_a_connection_that_is_lost_is_no_confirmation(breakable: Breakable) -> None:
    def cut() -> None:
        for pid in connections_of(os.getpid()):
            os.kill(pid, signal.SIGKILL)

    cutter = meanwhile(breakable, cut)
    more = command(HANGS, NEVER)
    answer = breakable.project.cutter(
        "apply", "--yes", breakable.runbook(f"{breakable.before}\n", within="6s", more=more)
    )
    cutter.join()
    assert answer.code == 11, answer
    assert breakable.is_as_before()


def test_a_run_that_is_killed_leaves_nothing_unconfirmed(breakable: Breakable) -> None:
    kill_run(breakable, breakable.locked_out(within="1h", more=command(HANGS, NEVER)))
    assert "neither confirmed nor taken back" in breakable.project.cutter("plan", breakable.runbook("")).out
    breakable.end_guards()
    breakable.until_decided()
    assert breakable.is_as_before()
    answer = breakable.project.cutter("apply", "--yes", breakable.runbook(f"{breakable.before}\n"))
    assert answer.code == 0, answer
    assert "broke off there" in answer.out
    assert breakable.armed() == []


def test_what_a_dead_guard_leaves_is_taken_back_before_anything_is_planned(breakable: Breakable) -> None:
    killer = threading.Thread(target=kill_guards, args=[breakable])
    killer.start()
    kill_run(breakable, breakable.runbook(f"{breakable.before}\n", within="1h", more=command(HANGS, NEVER)))
    killer.join()
    assert not breakable.is_as_before()
    site = breakable.runbook(breakable.before)
    assert breakable.project.cutter("plan", site).code == 19
    assert breakable.project.cutter("verify", site).code == 19
    answer = breakable.project.cutter("apply", "--yes", site)
    assert answer.code == 0, answer
    assert "was never confirmed there; config, reload, more was taken back" in answer.err
    assert breakable.is_as_before()
    assert breakable.armed() == []


def test_an_agent_does_what_its_dead_guard_would_have_done(breakable: Breakable) -> None:
    killer = threading.Thread(target=kill_guards, args=[breakable])
    killer.start()
    answer = breakable.project.cutter("apply", "--yes", breakable.locked_out())
    killer.join()
    assert answer.code == 11, answer
    assert breakable.is_as_before()


def test_a_machine_that_is_shut_down_is_put_back_first(breakable: Breakable) -> None:
    asker = meanwhile(breakable, breakable.end_guards)
    site = breakable.locked_out(within="1h", more=command(HANGS, NEVER))
    answer = breakable.project.cutter("apply", "--yes", site)
    asker.join()
    assert answer.code == 11, answer
    assert breakable.is_as_before()


def connections_of(pid: int) -> list[int]:
    """Return the ssh programs that a process has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(word) for task in tasks for word in _read(task).split()]
    return [child for child in children if _read(Path(f"/proc/{child}/cmdline")).startswith(b"ssh\0")]


def _read(path: Path) -> bytes:
    """Return what is told of a thread or a process; nothing where it has ended meanwhile."""
    with suppress(OSError):
        return path.read_bytes()
    return b""
