"""A unit that was down, is started and fails has run: it is not said that nothing was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab.fixtures import hosts_of

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from project import Project

pytestmark = [pytest.mark.lab, pytest.mark.root]
_STEPS = """\
  - {name: Folder, directory: {path: /srv/vain}}
  - {name: Vain, service: {name: vain, state: started}}
"""
_UNIT = "[Service]\nExecStartPre=/bin/sh -c 'echo x >>/srv/trace; exit 1'\nExecStart=/bin/sleep 1000\n"


@pytest.mark.parametrize(("head", "code"), [("", 12), ("on_failure: revert\n", 11)])
def test_what_ran_before_it_failed_is_said(lab: Lab, on_machines: Project, head: str, code: int) -> None:
    machine = lab.machine("s1", init="systemd")
    hosts_of(on_machines, s1="")
    (machine.root / "etc/systemd/system/vain.service").write_text(_UNIT)
    machine.run("systemctl", "daemon-reload")
    site = on_machines.runbook(_STEPS, head=head)
    answer = on_machines.cutter("apply", "--yes", site)
    assert answer.code == code, answer
    assert "world: what the unit did before it failed is not known" in answer.out
    assert (machine.root / "srv/trace").exists()
    assert on_machines.json("resolve")["halts"] == []
    if code == 12:
        assert on_machines.cutter("revert", "--yes", on_machines.last_run()).code == 0
    assert machine.run("systemctl", "is-active", "vain", check=False).stdout == "inactive\n"
    assert not (machine.root / "srv/vain").exists()
