"""A fresh machine, of which nothing is known but how to log in, is ready after one command."""

from __future__ import annotations

import json
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

NOT_THERE = ("python3", "python3-minimal", "python3.11-minimal", "libpython3-stdlib")


def test_from_ssh_access_to_ready_in_one_command(lab: Lab, on_machines: Project, tmp_path: Path) -> None:
    machine = lab.new("vps", init="systemd")
    offer(machine, tmp_path, OF_PROVISIONING)
    machine.run("apt-get", "purge", "-y", *NOT_THERE)
    assert machine.run("sh", "-c", "command -v python3", check=False).stdout == ""
    hosts_of(on_machines, vps="ansible_user: ops, ansible_become: true, bootstrap_python: true")
    answer = on_machines.cutter("apply", "--yes", *FRESH)
    assert answer.code == 0, answer.out

    seen = lab.seen("vps")
    for name in ("runs", "state", "backups"):
        folder = seen.file(f"/var/lib/cutter/{name}")
        assert (folder.is_directory, folder.user, folder.group, folder.mode) == (True, "root", "root", 0o750)
    wiring = machine.run("cat", "/opt/incomex/docker/.env").stdout
    assert "DOT_CUTTER_WRITER_PASSWORD=" in wiring
    fingerprint = wiring.partition("BACKUP_GPG_FPR=")[2].split()[0].strip("'\"")
    assert (
        fingerprint in machine.run("gpg", "--homedir", "/var/lib/cutter/gnupg", "--list-secret-keys").stdout
    )
    assert json.loads(machine.run("cat", "/var/lib/cutter/orchestrator.json").stdout)["version"] == 1
    assert machine.run("systemctl", "is-system-running").stdout == "running\n"

    again = on_machines.json("apply", "--yes", *FRESH)
    assert {step["outcome"] for run in again["runs"] for step in run["targets"][0]["steps"]} == {"ok"}
    assert on_machines.cutter("verify", *FRESH).code == 0
