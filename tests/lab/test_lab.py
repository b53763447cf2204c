"""The lab itself: machines that are told apart, and nothing left of them, however the tests end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab.base import NotToBeHad, base
from lab.ground import Ground, children
from waiting import runs, until

if TYPE_CHECKING:
    from lab.laboratory import Lab

pytestmark = [pytest.mark.lab, pytest.mark.root]
_TESTS = Path(__file__).parents[1]
_KILLED = """\
import sys, tempfile, time
from pathlib import Path
from lab.laboratory import Lab
lab = Lab(Path(tempfile.mkdtemp(dir=sys.argv[1])), Path(sys.argv[2]))
print(lab.machine("h1", init="systemd").pid, flush=True)
time.sleep(600)
"""


def control_groups(pid: int) -> list[Path]:
    """Return the control groups of the labs that a process has built."""
    return list(Path("/sys/fs/cgroup").glob(f"**/cutter-lab-{pid}-*"))


def test_machines_are_told_apart_and_each_user_gets_in(lab: Lab) -> None:
    h1, h2 = lab.machine("h1"), lab.machine("h2")
    assert lab.ssh("h1", "hostname; cat /etc/machine-id").stdout == f"h1\n{h1.id}\n"
    assert lab.ssh("h2", "hostname; cat /etc/machine-id").stdout == f"h2\n{h2.id}\n"
    assert lab.ssh("ops@h1", "sudo -n id -u").stdout == "0\n"
    assert lab.ssh("opspw@h1", "sudo -n id -u").returncode == 1
    assert lab.ssh("opspw@h1", "sudo -S id -u", stdin=f"{lab.PASSWORD}\n").stdout == "0\n"
    (h1.root / "srv/mark").touch()
    assert not (h2.root / "srv/mark").exists()


def test_a_second_observer_sees_a_machine_over_ssh(lab: Lab) -> None:
    lab.machine("h1")
    seen = lab.seen("h1")
    assert seen.package("openssh-server").is_installed
    assert seen.user("ops").home == "/home/ops"


def test_a_machine_has_a_real_systemd(lab: Lab) -> None:
    machine = lab.machine("s1", init="systemd")
    assert machine.run("systemctl", "is-system-running", "--wait").stdout == "running\n"
    assert lab.seen("s1").service("ssh").is_running
    assert machine.run("systemctl", "show", "-P", "InvocationID", "ssh").stdout.strip()


def test_a_machine_that_ended_is_started_anew(lab: Lab) -> None:
    ended = lab.machine("h3")
    os.kill(ended.pid, signal.SIGKILL)
    ended.gone()
    assert lab.machine("h3").id != ended.id
    assert lab.ssh("h3", "hostname").stdout == "h3\n"


def test_there_is_no_way_out(lab: Lab) -> None:
    assert lab.machine("h1").run("ip", "route").stdout.startswith("10.99.0.0/16 dev eth0")


def test_a_link_is_taken_away_and_given_back(lab: Lab) -> None:
    machine = lab.machine("h2")
    machine.freeze()
    assert lab.ssh("-o", "ConnectTimeout=1", "h2", "true").returncode == 255
    machine.thaw()
    until(lambda: lab.ssh("-o", "ConnectTimeout=1", "h2", "true").returncode == 0)


def test_what_a_killed_lab_left_is_swept_and_what_lives_is_not(lab: Lab, tmp_path: Path) -> None:
    machine = lab.machine("s1", init="systemd")
    name = f"cutter-lab-0-{tmp_path.name[-8:]}"
    lab._ground.run('mkdir -p "$1/h1/system.slice/ssh.service"', f"{lab._ground.folder}/cgroup/{name}")
    assert list(Path("/sys/fs/cgroup").glob(f"**/{name}"))
    Ground(tmp_path).end()
    assert not list(Path("/sys/fs/cgroup").glob(f"**/{name}"))
    until(lambda: machine.run("systemctl", "is-system-running", check=False).stdout == "running\n")


@pytest.mark.usefixtures("lab")
def test_a_half_built_base_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "debootstrap"
    program.write_text('#!/bin/sh\nfor root; do :; done\nmkdir "$root"\necho "E: no mirror" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for _ in range(2):
        with pytest.raises(NotToBeHad, match="debootstrap failed: E: no mirror"):
            base(tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").iterdir() if path.is_dir()] == [".partial"]


@pytest.mark.usefixtures("lab")
def test_nothing_stays_when_the_tests_are_killed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _KILLED, str(tmp_path), os.environ["LAB_CACHE"]]
    surroundings = {**os.environ, "PYTHONPATH": str(_TESTS)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=surroundings) as other:
        try:
            assert other.stdout is not None
            machine = int(other.stdout.readline())
            started = children(other.pid)
            assert all(map(runs, [machine, *started]))
            assert control_groups(other.pid)
        finally:
            other.kill()

    until(lambda: not any(map(runs, [machine, *started])))
    assert control_groups(other.pid) == []
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()
