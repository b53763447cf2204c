"""A service that reads its configuration when it starts, and a restart of it that a changed step asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.fixtures import hosts_of
from waiting import until

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from lab.machine import Machine
    from project import Project

SERVICE = """\
  - name: Owing
    service:
      name: owed
      state: started
      restart_on: [conf]
      content: |
        [Unit]
        StartLimitIntervalSec=0
        [Service]
        ExecStartPre=sh -c 'test ! -e /run/wait || { touch /run/begun; until test -e /run/go; do :; done; }'
        ExecStart=/bin/cp /etc/owed.conf /run/seen
        Type=oneshot
        RemainAfterExit=yes
"""


def conf(text: str) -> str:
    """Return the step that gives the service's configuration this text."""
    return f'  - {{name: Conf, file: {{path: /etc/owed.conf, content: "{text}"}}}}\n'


def begun(lab: Lab, project: Project) -> Machine:
    """Return a machine with systemd where the service runs with its first configuration."""
    found = lab.machine("s1", init="systemd")
    found.run("systemctl", "stop", "owed", check=False)
    for name in ("etc/owed.conf", "run/seen", "run/wait", "run/go", "run/begun"):
        (found.root / name).unlink(missing_ok=True)
    hosts_of(project, s1="")
    project.apply(site(project, "one"))
    assert read_by(found) == "one"
    return found


def site(project: Project, text: str, *between: str) -> str:
    """Return a runbook that gives the service's configuration this text."""
    return project.runbook(conf(text) + "".join(between) + SERVICE)


def read_by(machine: Machine) -> str:
    """Return the configuration that the running service has read."""
    until((machine.root / "run/seen").exists)
    return (machine.root / "run/seen").read_text()


def invocation(machine: Machine) -> str:
    """Return what tells one start of the service from every other."""
    return machine.run("systemctl", "show", "-P", "InvocationID", "owed").stdout.strip()


def owed(project: Project) -> list[Any]:
    """Return what is still owed, as `cutter runs` tells it."""
    found: list[Any] = project.json("runs")["owed"]
    return found


def all_is_well(project: Project, machine: Machine, path: str) -> None:
    """Apply once more; then nothing is owed, and the service has read what is there."""
    project.apply(path)
    assert (read_by(machine), owed(project)) == ((machine.root / "etc/owed.conf").read_text(), [])
    was = invocation(machine)
    assert project.cutter("plan", "--detailed-exitcode", path).code == 0
    project.apply(path)
    assert invocation(machine) == was
