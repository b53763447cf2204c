"""One host over a real ssh: the same steps, outcomes and evidence as on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cutter.hosts.ssh_session import Session

if TYPE_CHECKING:
    import subprocess

    from project import Project

pytestmark = [pytest.mark.ssh, pytest.mark.root]
STEPS = """\
  - {name: Folder, directory: {path: "{{ world }}/d", mode: "0750"}}
  - {name: File, file: {path: "{{ world }}/d/f", content: "text\\n"}}
  - {name: Wiring, env_file: {path: "{{ world }}/.env", set: {KEY: value}}}
  - name: Command
    command:
      argv: [touch, "{{ world }}/done"]
      check: [test, -e, "{{ world }}/done"]
      undo: [rm, "{{ world }}/done"]
"""
MORE = '  - {name: More, directory: {path: "{{ world }}/more"}}\n'


def test_a_host_is_planned_applied_looked_at_and_taken_back(fleet: Project) -> None:
    site = fleet.runbook(STEPS)

    planned = fleet.json("plan", site)
    assert [step["prediction"] for step in planned["plans"][0]["targets"][0]["steps"]] == ["change"] * 4
    assert list(fleet.world.iterdir()) == []

    applied = fleet.cutter("apply", "--yes", site)
    assert applied.code == 0, applied
    assert (fleet.world / "d/f").read_text() == "text\n"
    assert fleet.cutter("verify", site).code == 0
    assert fleet.cutter("apply", "--yes", site).code == 0

    run = fleet.json("runs")["runs"][-1]["run"]
    taken_back = fleet.cutter("revert", "--yes", run)
    assert taken_back.code == 0, taken_back
    assert list(fleet.world.iterdir()) == []


PREFLIGHT = 'preflight:\n  - {name: Ready, directory: {path: "{{ world }}"}}\n'


@pytest.mark.parametrize("head", ["", PREFLIGHT])
def test_one_agent_serves_a_whole_command(fleet: Project, monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    begun: list[str] = []
    starting = Session._started

    def counted(session: Session, argv: list[str]) -> subprocess.Popen[bytes]:
        begun.append(session.name)
        return starting(session, argv)

    monkeypatch.setattr(Session, "_started", counted)
    head = f"{head}vars: {{world: /nonexistent}}\n"
    site, more = fleet.runbook(STEPS, head=head), fleet.runbook(MORE, name="more", head=head)
    assert fleet.cutter("apply", "--yes", site, more).code == 0
    assert begun == ["web1"]
    assert fleet.cutter("apply", "--yes", site, more).code == 0, "nothing is left to do"
    assert begun == ["web1", "web1"]
