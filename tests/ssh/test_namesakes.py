"""Several names of one machine: none of them is well when another one has undone what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines

if TYPE_CHECKING:
    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart")]
WHO = '  - {name: Who, file: {path: "{{ world }}/who", content: "{{ inventory_hostname }}"}}\n'
OWN = '  - {name: Own, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'


@pytest.fixture
def namesakes(fleet: Project) -> Project:
    """Return a project with web1, which is web2 too, and another machine."""
    machines(fleet, web1="", db="")
    python = fleet.folder / "machines" / "web1" / "python"
    machines(fleet, web1="", db="", web2=f"ansible_python_interpreter: {python}")
    return fleet


def outcomes(project: Project) -> dict[str, str]:
    """Return the newest outcome that is recorded of each target."""
    return {entry["target"]: entry["outcome"] for entry in project.entries("evidence")}


@pytest.mark.parametrize("waves", ["", "serial: 1\n"])
def test_what_another_name_has_undone_is_not_well(namesakes: Project, waves: str) -> None:
    words = ("--yes", "--parallel", "1", "--limit", "web1,web2", namesakes.runbook(WHO, head=waves))
    answer = namesakes.cutter("apply", *words)
    assert answer.code == 12, answer
    assert (namesakes.world / "who").read_text() == "web2"
    assert outcomes(namesakes) == {"web1": "failed", "web2": "changed"}
    assert "it was undone in this run, which knows the machine as web2 too" in answer.out

    again = namesakes.cutter("apply", *words)
    assert again.code == 2, again
    assert (namesakes.world / "who").read_text() == "web1"
    assert outcomes(namesakes) == {"web1": "changed", "web2": "drifted"}


def test_names_that_do_not_contradict_each_other_are_well(namesakes: Project) -> None:
    site = namesakes.runbook(OWN)
    answer = namesakes.cutter("apply", "--yes", "--parallel", "1", site)
    assert answer.code == 0, answer
    assert outcomes(namesakes) == dict.fromkeys(("web1", "web2", "db"), "changed")
