"""Waves of hosts: the next begins when not too many have failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines

if TYPE_CHECKING:
    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = '  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'


def made(project: Project) -> list[str]:
    return sorted(path.name for path in project.world.iterdir())


def test_a_wave_with_a_failure_holds_back_the_rest(fleet: Project) -> None:
    machines(fleet, web1="", web2="ansible_port: 1", web3="", web4="")
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS, head="serial: [1, 2]\n"))
    assert made(fleet) == ["web1", "web3"]
    assert answer.code == 69, answer
    assert "targets: 2 changed, 1 skipped, 1 unobservable" in answer.out
    assert "exit 69: a target or a tool is unavailable, on web2 (run " in answer.out
    assert "no wave begins after the one of web2" in answer.out
    outcomes = {entry["target"]: entry["outcome"] for entry in fleet.entries("evidence")}
    assert outcomes == {"web1": "changed", "web2": "unobservable", "web3": "changed", "web4": "skipped"}


def test_a_target_that_was_only_held_back_is_not_what_the_exit_code_speaks_of(fleet: Project) -> None:
    machines(fleet, web1="", web2="", web3="")
    (fleet.world / "web2").write_text("in the way")
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS, head="serial: 1\n"))
    assert answer.code == 10, answer
    assert "targets: 1 changed, 1 blocked, 1 skipped" in answer.out
    assert "exit 10: a precondition does not hold, on web2 (run " in answer.out


def test_what_holds_a_later_wave_back_is_the_one_that_failed(fleet: Project) -> None:
    machines(fleet, web1="ansible_port: 1", web2="", web3="")
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS, head="serial: 1\n"))
    assert made(fleet) == []
    assert "skipped, untouched: 1 step on web2, web3 (2 targets)" in answer.out
    reasons = {entry["reason"] for entry in fleet.entries("evidence") if entry["outcome"] == "skipped"}
    assert reasons == {"no wave begins after the one of web1"}


def test_so_many_may_fail(fleet: Project) -> None:
    machines(fleet, web1="", web2="ansible_port: 1", web3="", web4="")
    head = "serial: 2\nmax_fail: 25%\n"
    assert fleet.cutter("apply", "--yes", fleet.runbook(STEPS, head=head)).code == 69
    assert made(fleet) == ["web1", "web3", "web4"]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("serial: 0\n", "serial"),
        ("serial: []\n", "serial"),
        ("serial: 120%\n", "serial"),
        ("serial: [1, ten]\n", "serial"),
        ("serial: 2\nmax_fail: -1\n", "max_fail"),
        ("max_fail: 1\n", "without serial"),
    ],
)
def test_what_makes_no_sense_is_refused(fleet: Project, head: str, said: str) -> None:
    answer = fleet.cutter("validate", fleet.runbook(STEPS, head=head))
    assert answer.code == 65, answer
    assert said in answer.out + answer.err
