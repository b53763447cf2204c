"""Facts of machines reached by ssh decide what each of them gets; one that does not answer says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from project import gap_matrix
from ssh.machines import machines, say

if TYPE_CHECKING:
    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = """\
  - name: Apt
    when: {os.id: [debian, ubuntu], python: ">=3.9"}
    directory: {path: "{{ world }}/apt-{{ inventory_hostname }}"}
  - name: Dnf
    when: {os.id: {not: [debian, ubuntu]}}
    directory: {path: "{{ world }}/dnf-{{ inventory_hostname }}"}
"""


def names(fleet: Project) -> list[str]:
    return sorted(path.name for path in fleet.world.iterdir())


def test_each_machine_gets_what_is_for_its_system(fleet: Project) -> None:
    machines(fleet, web1="", web2="", web3="ansible_port: 1")
    say(fleet, "web1", "ID=debian\nVERSION_CODENAME=bookworm\n")
    say(fleet, "web2", "ID=fedora\n")
    fleet.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    site = fleet.runbook(STEPS)
    (plan,) = fleet.json("plan", site)["plans"]
    web1, web2, web3 = plan["targets"]
    assert [step["id"] for step in web1["steps"]] == ["apt"]
    assert web1["facts"] == {"os.id": "debian", "python": web2["facts"]["python"]}
    assert [step["id"] for step in web2["steps"]] == ["dnf"]
    assert [step["prediction"] for step in web3["steps"]] == ["unobservable"] * 2, "who knows which of them"

    assert fleet.cutter("apply", "--yes", site).code == 69
    assert names(fleet) == ["apt-web1", "dnf-web2"]
    assert [told["target"] for told in fleet.entries("left_out")] == ["web1", "web2"]
    (gap,) = fleet.json("gaps")["gaps"]
    missing = {
        (step["step"], step["target"]) for step in gap["objectives"][0]["evidence"] if not step["holds"]
    }
    assert missing == {("apt", "web3"), ("dnf", "web3")}

    machines(fleet, web1="", web2="")
    assert fleet.cutter("verify", site).code == 0
    (gap,) = fleet.json("gaps")["gaps"]
    assert gap["status"] == "CLOSED"


def test_a_machine_that_became_another_system_makes_its_plan_stale(fleet: Project) -> None:
    machines(fleet, web1="", web2="")
    for name in ("web1", "web2"):
        say(fleet, name, "ID=debian\n")
    assert fleet.cutter("plan", fleet.runbook(STEPS), "-o", "a.plan").code == 0
    say(fleet, "web2", "ID=fedora\n")
    applied = fleet.cutter("apply", "--yes", "a.plan")
    assert applied.code == 20, applied
    assert "its os.id is fedora now, and was debian when the plan was made" in applied.out + applied.err
    assert names(fleet) == ["apt-web1"], "the other machine is as it was planned for"
    assert [told["target"] for told in fleet.entries("left_out")] == ["web1"]
