"""What may be wrong with a host or the way to it: each has its own cause and its own next command."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from project import in_child
from pythons import pythons
from ssh.machines import machines

from cutter.errors import PermissionRefused, Unavailable
from cutter.hosts.ssh_command import Route
from cutter.hosts.ssh_faults import fault_of
from cutter.hosts.ssh_session import Session

if TYPE_CHECKING:
    from project import Project
    from ssh.sshd import Sshd

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = '  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'


def interpreter(project: Project, name: str, text: str) -> str:
    """Write something that is called instead of Python, and return the variable that says so."""
    program = project.write(f"bin/{name}", f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return f"ansible_python_interpreter: {program}"


@pytest.fixture
def known(sshd: Sshd) -> Iterator[Sshd]:
    """Return the sshd, whose host key is known again afterwards."""
    yield sshd
    sshd.know("host_key.pub")


def test_what_keeps_one_host_from_all_its_steps_is_said_once(fleet: Project) -> None:
    machines(fleet, web1="ansible_port: 1")
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS + STEPS.replace("Folder", "Other")))
    assert answer.code == 69, answer
    assert "unobservable: all 2 steps on web1" in answer.out
    assert answer.out.count("  cause: ") == 1


def test_each_has_its_own_cause(fleet: Project) -> None:
    old = "echo 'cutter: python 3.7 is too old' >&2; exit 1"
    machines(
        fleet,
        web1="",
        old=interpreter(fleet, "old", old),
        none="ansible_python_interpreter: /nonexistent/python3",
        mute=interpreter(fleet, "mute", "exit 3"),
    )
    run = fleet.json("apply", "--yes", fleet.runbook(STEPS))
    assert run["exit_code"] == 69
    told = {target["target"]: target["steps"][0] for target in run["runs"][0]["targets"]}
    assert told["web1"]["outcome"] == "changed"
    assert "too old: 3.9 is needed" in told["old"]["reason"]
    assert told["none"]["reason"] == "there is no Python on it"
    assert "apt-get install -y --no-install-recommends python3" in told["none"]["remedy"]
    assert told["mute"]["outcome"] == "unobservable"


@pytest.mark.parametrize("python", pythons())
def test_an_agent_that_does_not_begin_says_why(python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer Pythons show the line that failed: with it all that we might have said."""
    monkeypatch.setattr("cutter.hosts.ssh_session.luggage_packed", lambda *_: b"no stream of zlib")
    route = Route("", python=python)
    with closing(Session("web1", route)) as session, pytest.raises(Unavailable, match=r"^zlib\.error: "):
        session.start()


def test_noise_at_login_is_passed_over(fleet: Project) -> None:
    machines(fleet, web1="")
    real = fleet.folder / "machines" / "web1" / "python"
    noise = "printf 'Welcome!\\n\\0\\377%s\\n' \"$(seq 1 2000)\"; echo careful >&2"
    machines(fleet, web1=interpreter(fleet, "noisy", f'{noise}\nexec {real} "$@"'))
    assert fleet.cutter("apply", "--yes", fleet.runbook(STEPS)).code == 0


def test_a_host_key_that_changed_is_refused(fleet: Project, known: Sshd) -> None:
    known.know("other_key.pub")
    machines(fleet, web1="")
    answer = fleet.cutter("plan", fleet.runbook(STEPS))
    assert answer.code == 69, answer
    assert "its host key is not the one that is known" in answer.out
    assert "ssh-keygen -R" in answer.out


def test_a_host_key_that_nobody_knows_is_refused(fleet: Project, known: Sshd) -> None:
    (known.folder / "known_hosts").write_text("")
    machines(fleet, web1="")
    answer = fleet.cutter("plan", fleet.runbook(STEPS))
    assert answer.code == 69, answer
    assert "its host key is not known" in answer.out


def test_a_full_disk_costs_only_that_host(fleet: Project) -> None:
    machines(fleet, web1="", web2="")
    state = fleet.folder / "machines" / "web2" / "state"
    python = fleet.folder / "machines" / "web2" / "python"
    here = fleet.folder / "here" / "target"
    full = f"mount -t tmpfs -o size=4k tmpfs {here} \\&\\& head -c 4096 /dev/zero > {here}/full;"
    text = python.read_text().replace(f"mount --bind {state} {here} &&", full.replace("\\&", "&"))
    python.write_text(text)
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS))
    assert answer.code == 11, answer
    assert "No space left on device" in answer.out
    assert [path.name for path in fleet.world.iterdir()] == ["web1"]


def test_machines_that_have_no_id_yet_are_not_the_same(fleet: Project) -> None:
    machines(fleet, web1="")
    fleet.write("machines/web1/machine-id", "uninitialized\n")
    (plan,) = fleet.json("plan", fleet.runbook(STEPS))["plans"]
    assert plan["targets"][0]["identity"] == f"hostname:{os.uname().nodename}"


@pytest.mark.parametrize(
    "said",
    [
        "Sorry, user ops is not allowed to execute '/usr/bin/python3 -I -S -c import' as root on web1.",
        "Sorry, user ops may not run sudo on web1.",
        "sudo: sorry, you must have a tty to run sudo",
    ],
)
def test_whatever_sudo_refuses_is_a_refusal_of_sudo(said: str) -> None:
    fault = fault_of("web1", Route("web1", become=True), 1, f"{said}\n".encode(), "")
    assert isinstance(fault, PermissionRefused)
    assert "sudo" in fault.cause
    assert said not in fault.cause


def test_too_many_open_files_are_not_a_missing_ssh() -> None:
    room = resource.getrlimit(resource.RLIMIT_NOFILE)

    def with_few_files() -> int:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 2,) * 2)
        with closing(Session("web1", Route("web1"))) as session, pytest.raises(Unavailable) as told:
            session.start()
        return 0 if "ulimit" in told.value.remedy else 1

    assert in_child(with_few_files) == 0
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == room


def test_a_plan_for_one_machine_is_refused_on_another(fleet: Project) -> None:
    machines(fleet, web1="")
    plan = str(fleet.folder / "web.plan")
    assert fleet.cutter("plan", fleet.runbook(STEPS), "-o", plan).code == 0
    fleet.write("machines/web1/machine-id", "f" * 32 + "\n")
    assert fleet.cutter("apply", "--yes", plan).code == 22
