"""A machine with nothing but a way to log in, not even a Python, is ready after one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab.debs import OF_PROVISIONING, offer
from lab.fixtures import hosts_of

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from project import Project

pytestmark = [pytest.mark.lab, pytest.mark.root]
RUNBOOKS = Path(__file__).parents[2] / "runbooks"
FRESH = [str(RUNBOOKS / name) for name in ("provision-vps.yml", "gap5.yml")]


def test_from_nothing_but_ssh_to_ready(
    lab: Lab, on_machines: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = lab.new("bare")
    offer(machine, tmp_path, OF_PROVISIONING)
    machine.run("apt-get", "purge", "-y", "python3", "python3-minimal", "python3.11-minimal")
    assert machine.run("which", "python3", check=False).returncode != 0
    monkeypatch.setenv("LAB_SUDO", lab.PASSWORD)
    become = "ansible_user: opspw, ansible_become: true, ansible_become_password: {env: LAB_SUDO}"
    hosts_of(on_machines, bare=become)
    on_machines.write("inventory/here/hosts.yml", _in_group_vps(become))
    refused = on_machines.cutter("plan", *FRESH)
    assert refused.code == 69, refused
    assert "sudo apt-get install -y --no-install-recommends python3" in refused.out

    on_machines.write("inventory/here/hosts.yml", _in_group_vps(f"{become}, bootstrap_python: true"))
    planned = on_machines.cutter("plan", *FRESH)
    assert planned.code == 0, planned
    assert "python3 would be installed first" in planned.out
    answer = on_machines.cutter("apply", "--yes", *FRESH)
    assert answer.code == 0, answer.out

    seen = lab.seen("bare")
    assert all(seen.package(name).is_installed for name in (*OF_PROVISIONING, "gnupg", "python3"))
    assert seen.user("cutter").group == "cutter"
    assert seen.file("/var/lib/cutter/runs").mode == 0o750
    assert lab.PASSWORD not in answer.out + answer.err
    again = on_machines.json("apply", "--yes", *FRESH)
    assert {step["outcome"] for run in again["runs"] for step in run["targets"][0]["steps"]} == {"ok"}


def _in_group_vps(variables: str) -> str:
    return f"all:\n  children:\n    vps:\n      hosts:\n        bare: {{{variables}}}\n"
