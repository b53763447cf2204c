"""runbooks/nightly.yml on a machine with a real systemd; what stands there for cutter notes its words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab.fixtures import hosts_of

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from project import Project

pytestmark = [pytest.mark.lab, pytest.mark.root]
NIGHTLY = str(Path(__file__).parents[2] / "runbooks/nightly.yml")
HOSTS = "all:\n  children:\n    vps:\n      hosts:\n        s1:\n    others:\n      hosts:\n        h1:\n"


def test_the_group_vps_has_its_nights(lab: Lab, on_machines: Project) -> None:
    machine = lab.machine("s1", init="systemd")
    other = lab.machine("h1")
    hosts_of(on_machines, s1="", h1="")
    on_machines.write("inventory/here/hosts.yml", HOSTS)
    answer = on_machines.cutter("apply", "--yes", "--limit", "s1", NIGHTLY)
    assert (answer.code, "/opt/cutter is no folder" in answer.out + answer.err) == (10, True), answer
    assert on_machines.entries("intent") == []

    program = machine.root / "opt/cutter/.venv/bin/cutter"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\npwd >>/run/words\necho "$@" >>/run/words\n')
    program.chmod(0o755)
    on_machines.apply(NIGHTLY)
    seen = lab.seen("s1")
    for name in ("cutter-backup", "cutter-verify"):
        timer = seen.service(f"{name}.timer")
        assert (timer.is_enabled, timer.is_running) == (True, True)
        machine.run("systemctl", "start", name)
    assert (machine.root / "run/words").read_text().splitlines() == [
        "/opt/cutter",
        "backup create -i inventory/production",
        "/opt/cutter",
        "verify -i inventory/production runbooks/provision-vps.yml runbooks/gap5.yml",
    ]
    assert not list((other.root / "etc/systemd/system").glob("cutter-*"))
    assert on_machines.cutter("plan", "--detailed-exitcode", NIGHTLY).code == 0
