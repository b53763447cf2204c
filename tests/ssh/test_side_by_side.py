"""Several hosts at once: each for itself, whatever becomes of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines

if TYPE_CHECKING:
    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = '  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'


def test_a_host_that_does_not_answer_costs_only_itself(fleet: Project) -> None:
    machines(fleet, web1="", web2="ansible_port: 1", web3="")
    site = fleet.runbook(STEPS)

    planned = fleet.cutter("plan", site)
    assert planned.code == 69, planned
    assert "nothing answers at its port of ssh" in planned.err + planned.out
    applied = fleet.cutter("apply", "--yes", site)
    assert applied.code == 69, applied
    assert sorted(path.name for path in fleet.world.iterdir()) == ["web1", "web3"]
    outcomes = {entry["target"]: entry["outcome"] for entry in fleet.entries("evidence")}
    assert outcomes == {"web1": "changed", "web2": "unobservable", "web3": "changed"}
    assert [entry["target"] for entry in fleet.entries("intent")] == ["web1", "web3"]
    assert fleet.cutter("verify", site).code == 69


def test_steps_of_two_hosts_run_at_the_same_time(fleet: Project) -> None:
    """Each waits for the other: one after the other, neither would ever end."""
    machines(fleet, web1="other: web2", web2="other: web1")
    wait = "touch {{ world }}/$1; until [ -e {{ world }}/$2 ]; do sleep 0.05; done; touch {{ world }}/met.$1"
    steps = f"""\
  - name: Meet
    command:
      argv: [sh, -c, "{wait}", sh, "{{{{ inventory_hostname }}}}", "{{{{ other }}}}"]
      check: [test, -e, "{{{{ world }}}}/met.{{{{ inventory_hostname }}}}"]
    irreversible: it is a test
"""
    assert fleet.apply(fleet.runbook(steps, head="vars: {world: /nonexistent, other: nobody}\n"))


def test_what_a_host_had_to_say_stands_in_the_order_of_the_inventory(fleet: Project) -> None:
    machines(fleet, **dict.fromkeys(("web3", "web1", "web2"), ""))
    site = fleet.runbook(STEPS)
    run = fleet.json("apply", "--yes", site)["runs"][0]
    assert [target["target"] for target in run["targets"]] == ["web3", "web1", "web2"]
