"""Ctrl-C, SIGTERM and kill -9 while several hosts are at work: each is settled for itself, nothing stays."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from faults.live import Live, send
from project import in_child
from ssh.machines import machines, state_of
from waiting import PATIENCE, runs, until

from cutter.engine.recording import Recording
from cutter.hosts.ssh import SshTarget

if TYPE_CHECKING:
    from ssh.sshd import Sshd

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = """\
  - {name: First, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}
  - name: Slow
    command:
      argv: [sh, -c, "cd '{{ world }}/{{ inventory_hostname }}'; echo $$ >> ../pids-{{ inventory_hostname }};
        (until [ -e ../../gate ]; do sleep 0.02; done) & echo $! >> ../pids-{{ inventory_hostname }};
        wait; touch done"]
      check: [test, -e, "{{ world }}/{{ inventory_hostname }}/done"]
    irreversible: it is a test
  - {name: Last, file: {path: "{{ world }}/{{ inventory_hostname }}/last", content: "x\\n"}}
"""
SLOW = ("web1", "web2")
QUICK = "web3"
DONE = {"first": "ok", "slow": "ok", "last": "changed"}
POLITE = {"first": "changed", "slow": "changed", "last": "skipped"}
ABORTED = {"first": "changed", "slow": "unknown", "last": "unknown"}


class LiveFleet(Live):
    """Three hosts; on two of them the second step goes on when a test says so."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        machines(self, **dict.fromkeys((*SLOW, QUICK), ""))
        self.site = self.runbook(STEPS)
        (self.world / QUICK).mkdir()
        (self.world / QUICK / "done").touch()
        (folder / "said").touch()

    def until_slow(self) -> list[int]:
        """Wait until the second step is under way on two hosts, and the third has ended."""
        until(lambda: len(self.pids()) == 4 and (self.world / QUICK / "last").exists())
        return self.pids()

    def pids(self) -> list[int]:
        return [pid for name in SLOW for pid in self.pids_on(name)]

    def pids_on(self, name: str) -> list[int]:
        noted = self.world / f"pids-{name}"
        return [int(line) for line in noted.read_text().split()] if noted.exists() else []

    def agents(self, *names: str) -> list[int]:
        """Return the processes that see the machine id of one of these hosts: its agent, and its children."""
        wanted = [str(self.folder / "machines" / name / "machine-id") for name in names]
        processes = (int(each.name) for each in Path("/proc").glob("[0-9]*"))
        return [pid for pid in processes if _sees(pid, wanted)]

    def by_target(self) -> dict[str, dict[str, str]]:
        """Return what the newest run came to, by target and step."""
        run = self.last_run()
        found: dict[str, dict[str, str]] = {}
        for item in self.entries("evidence"):
            if item["run"] == run:
                found.setdefault(item["target"], {})[item["step"]] = item["outcome"]
        return found

    def goes_on(self) -> str:
        """Let the next run end well, and return what it said."""
        before = len(self.said())
        self.go_on()
        assert self.start().wait(PATIENCE) == 0, self.said()
        assert all((self.world / name / "last").exists() for name in (*SLOW, QUICK))
        assert self.cutter("ledger", "verify").code == 0
        return self.said()[before:]


def _sees(pid: int, wanted: list[str]) -> bool:
    try:
        mounts = Path(f"/proc/{pid}/mountinfo").read_text()
    except OSError:
        return False
    return any(each.removeprefix("/tmp") in mounts for each in wanted)


@pytest.fixture
def fleet(
    sshd: Sshd, shared_connections: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LiveFleet]:
    """Give three hosts; whatever still runs there ends with the test."""
    monkeypatch.setenv("CUTTER_SSH", sshd.program)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(shared_connections))
    project = LiveFleet(tmp_path)
    yield project
    project.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_the_step_of_each_host_end(fleet: LiveFleet, number: signal.Signals) -> None:
    run = fleet.start()
    fleet.until_slow()
    agents = [pid for pid in fleet.agents(*SLOW) if _is_agent(pid)]
    heard = {pid: _read_by(pid) for pid in agents}
    send(run, number)
    until(lambda: f"{number.name}: finishing the current step" in fleet.said())
    until(lambda: all(_read_by(pid) > heard[pid] for pid in agents))
    fleet.go_on()
    assert run.wait(PATIENCE) == 21, fleet.said()
    assert fleet.by_target() == {**dict.fromkeys(SLOW, POLITE), QUICK: DONE}
    fleet.goes_on()


def test_the_second_signal_aborts_every_host_and_leaves_no_child(fleet: LiveFleet) -> None:
    run = fleet.start()
    children = fleet.until_slow()
    send(run, signal.SIGINT)
    until(lambda: "finishing" in fleet.said())
    send(run, signal.SIGINT)
    assert run.wait(PATIENCE) == 21, fleet.said()
    until(lambda: not any(map(runs, children)))
    until(lambda: not fleet.agents(*SLOW, QUICK))
    assert fleet.by_target() == {**dict.fromkeys(SLOW, ABORTED), QUICK: DONE}
    assert "broke off there; it had begun" in fleet.goes_on()
    assert not [left for name in SLOW for left in state_of(fleet, name).glob("begun-*")]


def test_kill_9_of_the_controller_leaves_nothing_on_any_host(fleet: LiveFleet) -> None:
    run = fleet.start()
    children = fleet.until_slow()
    name = str(fleet.json("runs")["runs"][0]["run"])
    run.kill()
    run.wait()
    until(lambda: not any(map(runs, children)))
    until(lambda: not fleet.agents(*SLOW, QUICK))
    assert fleet.json("runs")["runs"][0]["state"] == "unsettled"
    said = fleet.goes_on()
    assert f"web1, web2: run {name} of " in said
    settled: Any = next(each for each in fleet.json("runs")["runs"] if each["run"] == name)
    assert settled["state"] == "interrupted"


def test_a_signal_while_hosts_are_looked_at_ends_the_command_and_begins_nothing(fleet: LiveFleet) -> None:
    """One host never answers; what was seen of the others is not applied."""
    silent = fleet.write("silent", f"#!/bin/sh\ntouch {fleet.folder}/asked\nexec cat >/dev/null\n")
    silent.chmod(0o755)
    machines(fleet, web1="", web2=f"ansible_python_interpreter: {silent}")
    fleet.go_on()
    run = fleet.start()
    lock = fleet.ledger_folder / "run.lock"
    until(lambda: (fleet.folder / "asked").exists() and lock.exists() and lock.stat().st_size)
    until(lambda: fleet.agents("web1"))
    send(run, signal.SIGINT)
    assert run.wait(PATIENCE) == 21, fleet.said()
    assert "interrupted" in fleet.said()
    assert "Traceback" not in fleet.said()
    assert not (fleet.world / "web1").exists()
    assert not fleet.ledger_folder.exists()  # nothing was recorded in it


def test_kill_9_of_one_agent_costs_that_host_alone(fleet: LiveFleet) -> None:
    run = fleet.start()
    fleet.until_slow()
    children = fleet.pids_on("web1")
    (agent,) = (pid for pid in fleet.agents("web1") if _is_agent(pid))
    os.kill(agent, signal.SIGKILL)
    until(lambda: not any(map(runs, children)))
    fleet.go_on()
    assert run.wait(PATIENCE) == 12, fleet.said()
    done = {**DONE, "first": "changed", "slow": "changed"}
    assert fleet.by_target() == {"web1": ABORTED, "web2": done, QUICK: DONE}
    (fleet.folder / "gate").unlink()
    assert "web1: run " in fleet.goes_on()


def _read_by(pid: int) -> int:
    """Return how many bytes a process has read: an agent in a step reads nothing but a word to stop."""
    (line,) = (line for line in Path(f"/proc/{pid}/io").read_text().splitlines() if line.startswith("rchar"))
    return int(line.split()[1])


def _is_agent(pid: int) -> bool:
    try:
        return b"cutter.agent.remote" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dies_after(inner: Callable[..., Any]) -> Callable[..., Any]:
    def outer(*args: Any, **named: Any) -> None:
        inner(*args, **named)
        _die()

    return outer


@pytest.mark.parametrize(
    ("place", "name", "after"),
    [
        (Recording, "begin", False),
        (Recording, "begin", True),
        (SshTarget, "apply", False),
        (SshTarget, "answered", False),
        (SshTarget, "answered", True),
        (Recording, "end", False),
    ],
)
def test_a_controller_that_is_killed_at_any_point(
    place: type, name: str, after: bool, fleet: LiveFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.go_on()
    inner = getattr(place, name)

    def killed() -> int:
        monkeypatch.setattr(place, name, _dies_after(inner) if after else _die)
        return fleet.cutter("apply", "--yes", fleet.site).code

    assert in_child(killed) == -signal.SIGKILL
    until(lambda: not fleet.agents(*SLOW, QUICK))
    fleet.goes_on()
    assert fleet.json("runs")["runs"][0]["exit_code"] == 0
    assert [run["state"] for run in fleet.json("runs")["runs"][1:]] in ([], ["interrupted"])
