"""What a machine knows of the runs there: who holds it, and what was begun and never answered for."""

from __future__ import annotations

import fcntl
import json
import stat
from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines, state_of

if TYPE_CHECKING:
    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = '  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'


def test_a_machine_that_somebody_else_holds_costs_only_itself(fleet: Project) -> None:
    machines(fleet, web1="", web2="")
    site = fleet.runbook(STEPS)
    holder = {"run": "R1", "by": "ann@desk", "since": 0}
    with (state_of(fleet, "web2") / "run.lock").open("w") as lock:
        json.dump(holder, lock)
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = fleet.cutter("apply", "--yes", site)
    assert answer.code == 19, answer
    assert "run R1 of ann@desk" in answer.out
    assert [path.name for path in fleet.world.iterdir()] == ["web1"]
    assert fleet.cutter("apply", "--yes", site).code == 0


def test_what_was_recorded_is_forgotten_there(fleet: Project) -> None:
    machines(fleet, web1="")
    fleet.apply(fleet.runbook(STEPS))
    assert not list(state_of(fleet, "web1").glob("begun-*"))


def test_what_another_run_left_is_said_swept_and_forgotten(fleet: Project) -> None:
    machines(fleet, web1="", web2="")
    (fleet.world / "web9").mkdir()
    left = {"run": "R1", "by": "ann@desk", "steps": ["folder"], "places": [str(fleet.world)]}
    (state_of(fleet, "web1") / "begun-R1").write_text(json.dumps(left))
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS))
    assert answer.code == 0, answer
    assert "web1: run R1 of ann@desk broke off there; it had begun folder" in answer.out
    assert "web2: run" not in answer.out
    assert not list(state_of(fleet, "web1").glob("begun-*"))


@pytest.mark.parametrize("where", ["remote", "local"])
def test_a_step_for_its_own_folder_may_come_after_it_and_the_plan_says_so(fleet: Project, where: str) -> None:
    if where == "local":
        fleet.inventory("here")
    folder = fleet.folder / "here" / "target"
    steps = f'  - {{name: State, directory: {{path: {folder}, mode: "0750"}}}}\n' + STEPS
    site = fleet.runbook(steps)
    planned = fleet.cutter("plan", site).out
    assert planned.count("cutter makes it itself where it needs it earlier, for its own state") == 1, planned
    run = fleet.apply(site)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert fleet.cutter("verify", site).code == 0
    if where == "remote":
        fleet.cutter("revert", "--yes", run)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert (folder / "run.lock").exists()
