"""On machines of their own: a firewall that shuts us out, and an sshd under a real systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lab.fixtures import hosts_of

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from project import Project

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.slow]
LINK = """\
  - name: Link
    confirm: {within: 8s}
    command:
      argv: [ip, link, set, eth0, down]
      check: [sh, -c, "! ip -o link show dev eth0 up | grep -q eth0"]
      undo: [ip, link, set, eth0, up]
"""
SSHD = """\
  - name: Config
    confirm: {within: WITHIN}
    file: {path: /etc/ssh/sshd_config.d/10-guard.conf, content: "TEXT\\n"}
  - name: Sshd
    confirm: {within: WITHIN}
    service: {name: ssh, state: started, reload_on: [config]}
"""


def last(project: Project) -> dict[str, Any]:
    """Return the outcome of each step in the last run, with how its guard ended."""
    entries = project.entries("evidence")
    return {
        entry["step"]: (entry["outcome"], entry.get("guard", ""))
        for entry in entries
        if entry["run"] == entries[-1]["run"]
    }


def test_a_link_that_is_cut_comes_back(lab: Lab, on_machines: Project) -> None:
    machine = lab.machine("h1")
    hosts_of(on_machines, h1="")
    answer = on_machines.cutter("apply", "--yes", on_machines.runbook(LINK))
    assert answer.code == 11, answer
    assert last(on_machines) == {"link": ("compensated", "taken back")}
    assert "eth0" in machine.run("ip", "-o", "link", "show", "dev", "eth0", "up").stdout
    assert lab.ssh("h1", "true").returncode == 0


def test_an_sshd_of_systemd_that_shuts_us_out_is_reloaded_with_its_old_configuration(
    lab: Lab, on_machines: Project
) -> None:
    machine = lab.machine("s1", init="systemd")
    hosts_of(on_machines, s1="")
    site = on_machines.runbook(SSHD.replace("WITHIN", "8s").replace("TEXT", "AllowUsers nobody"))
    answer = on_machines.cutter("apply", "--yes", site)
    assert answer.code == 11, answer
    assert last(on_machines) == {
        "config": ("compensated", "taken back"),
        "sshd": ("compensated", "taken back"),
    }
    assert not (machine.root / "etc/ssh/sshd_config.d/10-guard.conf").exists()
    assert lab.ssh("-o", "ControlPath=none", "s1", "true").returncode == 0
    assert on_machines.json("runs")["owed"] == []  # to apply that once more is no advice

    good = on_machines.runbook(SSHD.replace("WITHIN", "60s").replace("TEXT", "LogLevel VERBOSE"))
    answer = on_machines.cutter("apply", "--yes", good)
    assert answer.code == 0, answer
    assert last(on_machines) == {"config": ("changed", "confirmed"), "sshd": ("changed", "confirmed")}


def test_a_revert_that_shuts_us_out_is_undone_and_reloaded(lab: Lab, on_machines: Project) -> None:
    machine = lab.machine("s1", init="systemd")
    hosts_of(on_machines, s1="")
    config = machine.root / "etc/ssh/sshd_config.d/10-guard.conf"
    config.write_text("AllowUsers nobody\n")  # and not read yet
    site = on_machines.runbook(SSHD.replace("WITHIN", "8s").replace("TEXT", "LogLevel VERBOSE"))
    run = on_machines.apply(site)
    answer = on_machines.cutter("revert", "--yes", run)
    assert answer.code == 11, answer
    assert last(on_machines) == {"config": ("failed", "taken back"), "sshd": ("failed", "taken back")}
    assert config.read_text() == "LogLevel VERBOSE\n"
    assert on_machines.json("runs")["owed"] == []
    assert lab.ssh("-o", "ControlPath=none", "s1", "true").returncode == 0
