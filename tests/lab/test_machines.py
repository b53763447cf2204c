"""Machines side by side and over odd ways: each of them costs only itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab.fixtures import hosts_of
from project import Project
from waiting import until

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from lab.machine import Machine

pytestmark = [pytest.mark.lab, pytest.mark.root]
FOLDER = '  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'
WORLD = '  - {name: World, directory: {path: "{{ world }}"}}\n'
LONG = """\
  - name: Long
    command:
      argv: [sh, -c, "touch {{ world }}/begun; until [ -e {{ world }}/go ]; do sleep 0.1; done"]
      check: [test, -e, "{{ world }}/go"]
    irreversible: it is a test
"""
LAST = '  - {name: Last, directory: {path: "{{ world }}/last"}}\n'
CUTTER = "from cutter.cli.main import entry; entry()"


def fresh(lab: Lab, *names: str) -> list[Machine]:
    """Return machines that nobody has touched."""
    return [lab.new(name) for name in names]


def mark(machine: Machine) -> None:
    """Let the long step of a machine end, or be done when it is looked at."""
    (machine.root / "srv/world/go").touch()


@contextmanager
def once_begun(machine: Machine, act: Callable[[], object]) -> Iterator[None]:
    """Act, in a thread of its own, as soon as the long step of a machine is under way."""
    begun, over = machine.root / "srv/world/begun", threading.Event()

    def wait_and_act() -> None:
        until(lambda: begun.exists() or over.is_set())
        if not over.is_set():
            act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def left_running(machine: Machine) -> str:
    """Return the agents and steps that run on a machine."""
    return machine.run("pgrep", "-fa", "python3 -I|sleep", check=False).stdout


def outcomes(project: Project, target: str) -> list[str]:
    """Return the recorded outcomes of one target, in order."""
    return [entry["outcome"] for entry in project.entries("evidence") if entry["target"] == target]


def test_ten_hosts_at_once(lab: Lab, on_machines: Project) -> None:
    names = [f"h{number}" for number in range(1, 11)]
    machines = fresh(lab, *names)
    hosts_of(on_machines, **dict.fromkeys(names, ""))
    site = on_machines.runbook(WORLD + FOLDER)
    answer = on_machines.cutter("apply", "--yes", site)
    assert answer.code == 0, answer
    assert "targets: 10 changed" in answer.out
    for machine in machines:
        assert [path.name for path in (machine.root / "srv/world").iterdir()] == [machine.name]
    again = on_machines.cutter("apply", "--yes", site)
    assert (again.code, "targets: 10 ok" in again.out) == (0, True), again
    assert lab.seen("h7").file("/srv/world/h7").is_directory


@pytest.mark.slow
def test_a_host_that_freezes_mid_run_is_noticed_and_the_others_end_well(
    lab: Lab, on_machines: Project
) -> None:
    """The link is taken away in the middle of a step. It was noticed after 19.6 s (measured once)."""
    frozen, *others = fresh(lab, "h1", "h2", "h3")
    hosts_of(on_machines, h1="", h2="", h3="")
    for machine in (frozen, *others):
        machine.run("mkdir", "/srv/world")
    for machine in others:
        mark(machine)
    site = on_machines.runbook(LONG + LAST)
    with once_begun(frozen, frozen.freeze):
        answer = on_machines.cutter("apply", "--yes", site)
    assert answer.code == 12, answer
    assert outcomes(on_machines, "h1") == ["unknown", "unknown"]
    assert outcomes(on_machines, "h2") == outcomes(on_machines, "h3") == ["ok", "changed"]

    frozen.thaw()
    until(lambda: not left_running(frozen))
    mark(frozen)
    again = on_machines.cutter("apply", "--yes", site)
    assert again.code == 0, again
    assert "broke off there; it had begun long" in again.out


def test_a_host_that_is_reached_only_through_another(lab: Lab, on_machines: Project) -> None:
    (jump,) = fresh(lab, "h1")
    lab.end("inner")
    inner = lab.machine("inner", behind=jump)
    hosts_of(on_machines, inner="")
    answer = on_machines.cutter("apply", "--yes", on_machines.runbook(WORLD))
    assert answer.code == 0, answer
    assert (inner.root / "srv/world").is_dir()
    assert not (jump.root / "srv/world").exists()


def test_a_changed_host_key_is_refused_and_costs_only_that_host(lab: Lab, on_machines: Project) -> None:
    changed, other = fresh(lab, "h1", "h2")
    lab.know("h1", (lab.folder / "h2.pub").read_text())
    hosts_of(on_machines, h1="", h2="")
    answer = on_machines.cutter("apply", "--yes", on_machines.runbook(WORLD))
    lab.know("h1")
    assert answer.code == 69, answer
    assert "its host key is not the one that is known" in answer.out
    assert "ssh-keygen -R h1" in answer.out
    assert not (changed.root / "srv/world").exists()
    assert (other.root / "srv/world").is_dir()


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ("ansible_user: ops", 0, "1 changed"),
        ("ansible_user: opspw, ansible_become_password: {env: LAB_SUDO}", 0, "1 changed"),
        ("ansible_user: opspw", 77, "sudo asks for a password there"),
        (
            "ansible_user: opspw, ansible_become_password: {env: LAB_WRONG}",
            77,
            "the password of sudo is wrong",
        ),
    ],
)
def test_the_real_sudo(
    lab: Lab, on_machines: Project, monkeypatch: pytest.MonkeyPatch, *, variables: str, code: int, said: str
) -> None:
    (machine,) = fresh(lab, "h1")
    monkeypatch.setenv("LAB_SUDO", lab.PASSWORD)
    monkeypatch.setenv("LAB_WRONG", "guessed")
    hosts_of(on_machines, h1=f"ansible_become: true, {variables}")
    answer = on_machines.cutter("apply", "--yes", on_machines.runbook(WORLD))
    assert (answer.code, said in answer.out) == (code, True), answer
    assert (machine.root / "srv/world").is_dir() == (code == 0)
    assert lab.PASSWORD not in answer.out + answer.err


def test_an_account_that_was_locked_there(lab: Lab, on_machines: Project) -> None:
    (machine,) = fresh(lab, "h1")
    hosts_of(on_machines, h1="ansible_user: ops, ansible_become: true")
    site = on_machines.runbook(WORLD)
    assert on_machines.cutter("apply", "--yes", site).code == 0
    machine.run("usermod", "--expiredate", "1", "ops")
    over_shared = on_machines.cutter("verify", site)
    machine.run("pkill", "-f", "^sshd: ops")
    until(lambda: machine.run("pgrep", "-f", "^sshd: ops", check=False).returncode != 0)
    for answer in (over_shared, on_machines.cutter("verify", site)):
        assert answer.code == 77, answer
        assert "this user's account is locked there, or has expired" in answer.out
        assert "chage -l" in answer.out


def test_two_controllers_at_once(lab: Lab, on_machines: Project, tmp_path: Path) -> None:
    (machine,) = fresh(lab, "h1")
    hosts_of(on_machines, h1="")
    machine.run("mkdir", "/srv/world")
    (tmp_path / "other").mkdir()
    other = Project(tmp_path / "other")
    hosts_of(other, h1="")
    words = ["apply", "--yes", "-i", str(other.folder / "inventory/here"), other.runbook(LONG)]
    first = subprocess.Popen([sys.executable, "-I", "-c", CUTTER, *words], stdout=subprocess.PIPE)
    try:
        until((machine.root / "srv/world/begun").exists)
        answer = on_machines.cutter("apply", "--yes", on_machines.runbook(FOLDER))
        assert answer.code == 19, answer
        assert not (machine.root / "srv/world/h1").exists()
    finally:
        mark(machine)
        said = first.communicate()[0]
    assert first.returncode == 0, said
    assert on_machines.cutter("apply", "--yes", on_machines.runbook(FOLDER)).code == 0


def test_an_sshd_that_is_killed_mid_step(lab: Lab, on_machines: Project) -> None:
    killed, other = fresh(lab, "h1", "h2")
    hosts_of(on_machines, h1="", h2="")
    for machine in (killed, other):
        machine.run("mkdir", "/srv/world")
    mark(other)
    site = on_machines.runbook(LONG + LAST)
    with once_begun(killed, lambda: killed.run("pkill", "-KILL", "-f", "^sshd: ")):
        answer = on_machines.cutter("apply", "--yes", site)
    assert answer.code == 12, answer
    assert "the connection broke off" in answer.out
    assert outcomes(on_machines, "h1") == ["unknown", "unknown"]
    assert outcomes(on_machines, "h2") == ["ok", "changed"]
    until(lambda: not left_running(killed))
    mark(killed)
    assert on_machines.cutter("apply", "--yes", site).code == 0


def test_a_machine_whose_power_is_cut_mid_step(lab: Lab, on_machines: Project) -> None:
    (cut,) = fresh(lab, "h1")
    hosts_of(on_machines, h1="")
    cut.run("mkdir", "/srv/world")
    site = on_machines.runbook(LONG + LAST)
    with once_begun(cut, lambda: os.kill(cut.pid, signal.SIGKILL)):
        answer = on_machines.cutter("apply", "--yes", site)
    assert answer.code == 12, answer
    assert outcomes(on_machines, "h1") == ["unknown", "unknown"]
