"""A run on several hosts is taken back, looked at and told, though one of them is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ssh.machines import machines

if TYPE_CHECKING:
    from pathlib import Path

    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = '  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'
OTHER = '  - {name: Other, directory: {path: "{{ world }}/other-{{ inventory_hostname }}"}}\n'
NAMES = ("web1", "web2", "web3")
MATRIX = """\
apiVersion: cutter/v1
matrix: {macro: m, date_utc: "2026-01-01", gate: g}
gaps:
  - id: GAP1
    title: a room on each
    baseline: {pre: {status: OPEN}, post: {status: OPEN}, as_of: "2026-01-01"}
    blocks_first_production_run: "yes"
    reason: nowhere to sit
    venue: VPS
    objectives: [{runbook: site.yml, steps: all}]
"""


@pytest.fixture
def site(fleet: Project) -> str:
    """Return a runbook that was applied to three hosts."""
    machines(fleet, **dict.fromkeys(NAMES, ""))
    fleet.write("runbooks/gap-matrix.yml", MATRIX)
    site = fleet.runbook(STEPS)
    fleet.apply(site)
    return site


def made(project: Project) -> list[str]:
    return sorted(path.name for path in project.world.iterdir())


def gone(project: Project, name: str) -> Path:
    """Let a host not answer; rename what is returned to its program to have it back."""
    python = project.folder / "machines" / name / "python"
    return python.rename(python.with_suffix(".away"))


def back(python: Path) -> None:
    python.rename(python.with_suffix(""))


def test_all_of_them_are_taken_back(fleet: Project, site: str) -> None:
    answer = fleet.cutter("revert", "--yes", fleet.last_run())
    assert answer.code == 0, answer
    assert "would take back 1 step on web[1-3] (3 targets, the same on each)" in answer.out
    assert "targets: 3 compensated" in answer.out
    assert made(fleet) == []
    assert fleet.cutter("verify", site).code == 2


def test_one_that_is_gone_is_left_for_later(fleet: Project, site: str) -> None:
    del site
    run = fleet.last_run()
    away = gone(fleet, "web2")
    answer = fleet.cutter("revert", "--yes", run)
    assert answer.code == 69, answer
    assert "x web2: there is no Python on it" in answer.out
    assert f"; not all of run {run} is taken back on web2 (run " in answer.out
    assert "as it was before" not in answer.out
    assert made(fleet) == ["web2"]
    told: Any = fleet.json("runs")["runs"][0]
    assert told["exit_code"] == 69
    assert [entry["target"] for entry in fleet.entries("refusal")] == ["web2"]

    back(away)
    again = fleet.cutter("revert", "--yes", run)
    assert again.code == 0, again
    assert "would take back 1 step on web2, newest first" in again.out
    assert made(fleet) == []


def test_when_only_those_that_are_gone_have_anything_left(fleet: Project, site: str) -> None:
    del site
    run = fleet.last_run()
    gone(fleet, "web2")
    assert fleet.cutter("revert", "--yes", run).code == 69
    answer = fleet.cutter("revert", "--yes", run)
    assert answer.code == 69, answer
    assert "web2: there is no Python on it" in answer.err
    assert made(fleet) == ["web2"]


def test_one_on_which_something_changed_since_is_left_alone(fleet: Project, site: str) -> None:
    del site
    (fleet.world / "web2" / "mine").touch()
    answer = fleet.cutter("revert", "--yes", fleet.last_run())
    assert answer.code == 20, answer
    assert "x web2: 1 of 1 steps cannot be taken back: folder: " in answer.out
    assert made(fleet) == ["web2"]


def test_a_run_that_could_not_reach_one_is_taken_back_on_the_others(fleet: Project) -> None:
    machines(fleet, **dict.fromkeys(NAMES, ""))
    away = gone(fleet, "web2")
    run = fleet.apply(fleet.runbook(STEPS), expect=69)
    back(away)
    assert fleet.cutter("revert", "--yes", run).code == 0
    assert made(fleet) == []


def test_verify_and_gaps_tell_of_the_one_that_is_gone(fleet: Project, site: str) -> None:
    gap: Any = fleet.json("gaps")["gaps"][0]
    assert gap["status"] == "CLOSED", gap
    away = gone(fleet, "web2")
    (fleet.world / "web3").rmdir()
    answer = fleet.cutter("verify", site)
    assert answer.code == 69, answer
    assert "targets: 1 ok, 1 drifted, 1 unobservable" in answer.out
    shown = fleet.cutter("gaps", "show", "GAP1")
    assert shown.code == 0, shown
    assert "unobservable: there is no Python on it" in shown.out
    assert "drifted" in shown.out
    assert fleet.json("gaps")["gaps"][0]["status"] != "CLOSED"

    back(away)
    fleet.apply(site)
    assert fleet.json("gaps")["gaps"][0]["status"] == "CLOSED"


def test_what_another_machine_of_the_name_has_seen_closes_nothing(fleet: Project, site: str) -> None:
    assert fleet.json("gaps")["gaps"][0]["status"] == "CLOSED"
    fleet.write("machines/web1/machine-id", "f" * 32 + "\n")
    fleet.apply(fleet.runbook(OTHER, name="other"))
    assert fleet.json("gaps")["gaps"][0]["status"] == "PARTIAL"
    fleet.apply(site)
    assert fleet.json("gaps")["gaps"][0]["status"] == "CLOSED"


LOST = """\
  - name: Lost
    command:
      argv: [sh, -c, "[ HOST != web2 ] || { kill -9 $PPID; exec sleep 60; }; mkdir {{ done }}"]
      check: [test, -d, "{{ done }}"]
      undo: [rmdir, "{{ done }}"]
""".replace("{{ done }}", "{{ world }}/done-HOST").replace("HOST", "{{ inventory_hostname }}")


def test_one_that_was_lost_in_the_middle_of_a_step_costs_itself(fleet: Project) -> None:
    """Nobody knows what to take back there; what the others came to is known."""
    machines(fleet, **dict.fromkeys(NAMES, ""))
    run = fleet.apply(fleet.runbook(STEPS + LOST), expect=12)
    answer = fleet.cutter("revert", "--yes", run)
    assert answer.code == 20, answer
    assert "x web2: what came of lost is not known" in answer.out
    assert f"; not all of run {run} is taken back on web2 (run " in answer.out
    assert made(fleet) == ["web2"]


@pytest.mark.parametrize(("names", "told"), [(NAMES, " takes it back, but on web2"), (("web2",), "")])
def test_what_nobody_knows_is_not_said_to_be_taken_back_by_a_revert(
    fleet: Project, names: tuple[str, ...], told: str
) -> None:
    machines(fleet, **dict.fromkeys(names, ""))
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS + LOST))
    assert answer.code == 12, answer
    (way,) = (line for line in answer.out.splitlines() if line.startswith("next: "))
    assert way.endswith(told or "; apply it again: it looks, and goes on"), way
    again = fleet.cutter("revert", "--yes", fleet.last_run())
    assert again.code == 20, again
