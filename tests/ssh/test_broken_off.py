"""A run over ssh that is broken off in the middle of a step: known to be unknown, and nothing stays there."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines, state_of
from waiting import until

if TYPE_CHECKING:
    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = """\
  - name: First
    directory: {path: "{{ world }}/{{ inventory_hostname }}"}
  - name: Long
    command:
      argv: [sh, -c, "touch {{ world }}/{{ inventory_hostname }}/begun; exec tail -f {{ world }}/mark"]
      check: [test, -e, "{{ world }}/go on"]
    irreversible: it is a test
  - name: Last
    directory: {path: "{{ world }}/{{ inventory_hostname }}/last"}
"""


def processes(words: str) -> Iterator[int]:
    """Yield the processes that have these words on their command line."""
    for found in Path("/proc").glob("[0-9]*"):
        try:
            said = (found / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if words in said and int(found.name) != os.getpid():
            yield int(found.name)


def once_begun(project: Project, name: str, act: Callable[[], None]) -> threading.Thread:
    """Act, in a thread of its own, as soon as the long step of a machine is under way."""

    def wait_and_act() -> None:
        until((project.world / name / "begun").exists)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def ours(words: str) -> list[int]:
    """Return the processes with these words whose parent is this process."""
    return [pid for pid in processes(words) if _parent(pid) == os.getpid()]


def _mounts(pid: int) -> str:
    """Return what is mounted for a process; nothing where it is gone, as those of other tests may be."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/mountinfo").read_text()
    return ""


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


@pytest.fixture
def long(fleet: Project) -> str:
    """Return a runbook with a step that does not end; what it runs can be told by the world's path."""
    (fleet.world / "mark").touch()
    return fleet.runbook(STEPS)


def test_a_killed_connection_leaves_no_process_and_the_next_run_says_what_was_begun(
    fleet: Project, long: str
) -> None:
    machines(fleet, web1="")
    tail = f"tail -f {fleet.world}/mark"

    def kill() -> None:
        until(lambda: bool(list(processes(tail))))
        for pid in ours("ssh -F"):
            os.kill(pid, signal.SIGKILL)

    killer = once_begun(fleet, "web1", kill)
    answer = fleet.cutter("apply", "--yes", long)
    killer.join()
    assert answer.code == 12, answer
    outcomes = [entry["outcome"] for entry in fleet.entries("evidence")]
    assert outcomes == ["changed", "unknown", "unknown"]
    until(lambda: not list(processes(tail)))
    (begun,) = state_of(fleet, "web1").glob("begun-*")

    (fleet.world / "go on").touch()
    again = fleet.cutter("apply", "--yes", long)
    assert again.code == 0, again
    assert f"run {begun.name.removeprefix('begun-')} of " in again.out
    assert not list(state_of(fleet, "web1").glob("begun-*"))


@pytest.mark.slow
def test_a_frozen_host_is_noticed(fleet: Project, long: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent is stopped: its beats end, and that is enough."""
    monkeypatch.setattr("cutter.hosts.ssh_session.SILENCE_SECONDS", 7.0)
    machines(fleet, web1="")
    agents: list[int] = []

    def freeze() -> None:
        agents.extend(filter(lambda pid: str(fleet.folder) in _mounts(pid), processes("python3 -I -S -c")))
        for pid in agents:
            os.kill(pid, signal.SIGSTOP)

    freezer = once_begun(fleet, "web1", freeze)
    answer = fleet.cutter("apply", "--yes", long)
    freezer.join()
    for pid in agents:
        os.kill(pid, signal.SIGKILL)
    assert answer.code == 12, answer
    assert "it said nothing for" in answer.out
