"""A target that no step is for is not well where nobody could look at it, or nothing may be begun there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines

if TYPE_CHECKING:
    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = '  - {name: Folder, hosts: web1, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'
PREFLIGHT = "preflight:\n  - {name: Ready, hosts: web2, directory: {path: /nonexistent}}\n"


def test_one_that_nobody_reaches_is_said_so_by_every_verb(fleet: Project) -> None:
    machines(fleet, web1="", web2="ansible_port: 1")
    site = fleet.runbook(STEPS)
    for words in (["plan"], ["apply", "--yes"], ["apply", "--yes"], ["verify"]):
        answer = fleet.cutter(*words, site)
        assert answer.code == 69, answer
        assert "web2: nothing answers at its port of ssh" in answer.out
    assert (fleet.world / "web1").is_dir(), "it costs itself alone"
    (_, web2) = fleet.json("verify", site)["runs"][0]["targets"]
    assert web2["reason"] == "nothing answers at its port of ssh"


def test_one_whose_preflight_does_not_hold_is_refused(fleet: Project) -> None:
    machines(fleet, web1="", web2="")
    site = fleet.runbook(STEPS, head=f"{PREFLIGHT}vars: {{world: /nonexistent}}\n")
    answer = fleet.cutter("apply", "--yes", site)
    assert answer.code == 10, answer
    assert "web2: preflight ready: " in answer.out
    assert (fleet.world / "web1").is_dir()


def test_where_no_step_is_for_anybody_nothing_is_called_as_declared(fleet: Project) -> None:
    machines(fleet, web1="")
    site = fleet.runbook(STEPS.replace("hosts: web1", "when: {os.id: nobody}"))
    for words in (["apply", "--yes"], ["verify"]):
        answer = fleet.cutter(*words, site)
        assert answer.code == 0, answer
        assert "no steps; nothing was looked at" in answer.out
