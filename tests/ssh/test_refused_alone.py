"""What stands in the way on one host costs that host alone; what stands in the way everywhere, the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ssh.machines import machines

if TYPE_CHECKING:
    from pathlib import Path

    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
STEPS = """\
  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}
  - {name: Note, file: {path: "{{ world }}/{{ inventory_hostname }}/note", content: "x\\n"}}
"""
PREFLIGHT = """\
preflight:
  - {name: Prepared, directory: {path: "{{ world }}/ready-{{ inventory_hostname }}"}}
vars: {world: /nonexistent}
"""
BLOCKED = [("folder", "blocked"), ("note", "blocked")]
CHANGED = [("folder", "changed"), ("note", "changed")]


@pytest.fixture
def three(fleet: Project) -> Project:
    """Return a project of three hosts."""
    machines(fleet, **dict.fromkeys(("web1", "web2", "web3"), ""))
    return fleet


def outcomes(project: Project) -> dict[str, list[tuple[str, str]]]:
    """Return what the newest run recorded, by target."""
    run = project.last_run()
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in project.entries("evidence"):
        if entry["run"] == run:
            found.setdefault(entry["target"], []).append((entry["step"], entry["outcome"]))
    return found


def intents(project: Project) -> list[str]:
    """Return the targets on which the newest run meant to do something."""
    run = project.last_run()
    return [entry["target"] for entry in project.entries("intent") if entry["run"] == run]


def ready(project: Project, *names: str) -> None:
    """Let the preflight hold for these hosts."""
    for name in names:
        (project.world / f"ready-{name}").mkdir()


def kept_plan(project: Project, site: str) -> str:
    """Plan into a file and return its path."""
    path = str(project.folder / "site.plan")
    answer = project.cutter("plan", site, "-o", path)
    assert answer.code == 0, answer
    return path


def machine_id(project: Project, name: str) -> Path:
    return project.folder / "machines" / name / "machine-id"


def test_a_preflight_that_does_not_hold_on_one_host(three: Project) -> None:
    ready(three, "web1", "web3")
    site = three.runbook(STEPS, head=PREFLIGHT)
    planned = three.cutter("plan", site)
    assert planned.code == 10, planned
    assert "web2" in planned.out
    answer = three.cutter("apply", "--yes", site)
    assert answer.code == 10, answer
    assert "blocked: all 2 steps on web2" in answer.out
    assert "cause: preflight prepared: Prepared: not there" in answer.out
    assert "targets: 2 changed, 1 blocked" in answer.out
    assert outcomes(three) == {"web1": CHANGED, "web2": BLOCKED, "web3": CHANGED}
    assert intents(three) == ["web1", "web3"]

    ready(three, "web2")
    assert three.cutter("apply", "--yes", site).code == 0
    assert intents(three) == ["web2"]


def test_something_in_the_way_on_one_host(three: Project) -> None:
    (three.world / "web2").write_text("a file\n")
    site = three.runbook(STEPS)
    answer = three.cutter("apply", "--yes", site)
    assert answer.code == 10, answer
    assert "cause: step folder: " in answer.out
    assert outcomes(three) == {"web1": CHANGED, "web2": BLOCKED, "web3": CHANGED}
    assert (three.world / "web2").read_text() == "a file\n"


def test_what_stands_in_the_way_on_every_host_refuses_the_run(three: Project) -> None:
    site = three.runbook(STEPS, head=PREFLIGHT)
    for verb in ("plan", "preflight", "apply"):
        answer = three.cutter(verb, *(["--yes"] if verb == "apply" else []), site)
        assert answer.code == 10, answer
        assert "web1: preflight prepared: Prepared: not there (and 2 more targets)" in answer.err
    (refusal,) = three.entries("refusal")
    assert refusal["exit_code"] == 10
    assert three.entries("run", "evidence") == []


def test_preflight_names_the_hosts_on_which_it_does_not_hold(three: Project) -> None:
    ready(three, "web1")
    answer = three.cutter("preflight", three.runbook(STEPS, head=PREFLIGHT))
    assert answer.code == 10, answer
    assert "x web2, web3 (2 targets): preflight prepared: Prepared: not there" in answer.out


def test_a_refused_host_counts_as_failed_for_the_next_wave(three: Project) -> None:
    ready(three, "web1", "web3")
    site = three.runbook(STEPS, head=PREFLIGHT + "serial: 2\n")
    answer = three.cutter("apply", "--yes", site)
    assert answer.code == 10, answer
    skipped = [("folder", "skipped"), ("note", "skipped")]
    assert outcomes(three) == {"web1": CHANGED, "web2": BLOCKED, "web3": skipped}


def test_a_host_that_is_gone_since_the_plan_was_kept(three: Project) -> None:
    site = three.runbook(STEPS)
    plan = kept_plan(three, site)
    python = three.folder / "machines" / "web2" / "python"
    python.rename(python.with_suffix(".away"))
    answer = three.cutter("apply", "--yes", plan)
    assert answer.code == 69, answer
    gone = [("folder", "unobservable"), ("note", "unobservable")]
    assert outcomes(three) == {"web1": CHANGED, "web2": gone, "web3": CHANGED}

    python.with_suffix(".away").rename(python)
    assert three.cutter("apply", "--yes", plan).code == 0
    assert (three.world / "web2" / "note").exists()


def test_a_host_that_is_gone_is_not_green_because_it_was_when_the_plan_was_kept(three: Project) -> None:
    site = three.runbook(STEPS)
    three.apply(site)
    (three.world / "web1" / "note").unlink()
    plan = kept_plan(three, site)
    (three.folder / "machines" / "web2" / "python").unlink()
    answer = three.cutter("apply", "--yes", plan)
    assert answer.code == 69, answer
    assert outcomes(three)["web2"] == [("folder", "unobservable"), ("note", "unobservable")]


@pytest.mark.parametrize("change", ["machine", "drift"])
def test_a_host_that_is_another_one_since_the_plan_was_kept(change: str, three: Project) -> None:
    site = three.runbook(STEPS)
    plan = kept_plan(three, site)
    if change == "machine":
        machine_id(three, "web2").write_text("f" * 32 + "\n")
    else:
        (three.world / "web2").mkdir(0o700)
    answer = three.cutter("apply", "--yes", plan)
    code, cause = {"machine": (22, "the plan was made for"), "drift": (20, "drifted since the plan")}[change]
    assert answer.code == code, answer
    assert cause in answer.out
    assert outcomes(three) == {"web1": CHANGED, "web2": BLOCKED, "web3": CHANGED}
    assert not (three.world / "web2" / "note").exists()


def test_a_plan_of_which_every_host_is_another_one_is_refused(three: Project) -> None:
    site = three.runbook(STEPS)
    plan = kept_plan(three, site)
    for name in ("web1", "web2", "web3"):
        machine_id(three, name).write_text(f"{name:f<32}\n".replace("w", "a").replace("b", "c"))
    answer = three.cutter("apply", "--yes", plan)
    assert answer.code == 22, answer
    assert three.entries("run", "evidence") == []


def test_json_says_it_of_each_host(three: Project) -> None:
    ready(three, "web1", "web2")
    told: Any = three.json("apply", "--yes", three.runbook(STEPS, head=PREFLIGHT))
    assert told["exit_code"] == 10
    web3 = told["runs"][0]["targets"][2]
    assert [(step["outcome"], step["refusal"]) for step in web3["steps"]] == [("blocked", 10)] * 2
