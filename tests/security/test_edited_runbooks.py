"""Who may edit the runbooks says what closing a gap asks for; what they cannot do is to hide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from project import gap_matrix

if TYPE_CHECKING:
    from project import Project

ROOM = '  - {name: Room, directory: {path: "{{ world }}/room"}}\n'
MORE = '  - {name: More, directory: {path: "{{ world }}/more"}}\n'


def test_a_runbook_that_asks_for_less_closes_its_gap_for_less(project: Project) -> None:
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    site = project.runbook(ROOM + MORE)
    assert project.cutter("apply", "--yes", "--only", "room", site).code == 0
    assert [gap["status"] for gap in project.json("gaps")["gaps"]] == ["PARTIAL"]

    project.runbook(ROOM)
    assert [gap["status"] for gap in project.json("gaps")["gaps"]] == ["CLOSED"]
