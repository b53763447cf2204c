"""A host that is lost, and goes on by itself to the step that asks for a restart: it stays owed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from lab.owed_steps import SERVICE, all_is_well, begun, conf, owed, read_by, site
from waiting import until

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from lab.machine import Machine
    from project import Project

pytestmark = [pytest.mark.lab, pytest.mark.root]
WAITS = """\
  - name: NAME
    command:
      argv: [sh, -c, "touch /run/NAME; until [ -e /run/NAME-over ]; do sleep 0.1; done"]
      check: [test, -e, /run/NAME-over]
    irreversible: it is a test
"""
LOSES, DIES = WAITS.replace("NAME", "loses"), WAITS.replace("NAME", "dies")


@pytest.fixture
def machine(lab: Lab, on_machines: Project) -> Iterator[Machine]:
    """Return a machine with systemd where the service runs with its first configuration."""
    found = begun(lab, on_machines)
    yield found
    for name in ("loses", "loses-over", "dies", "dies-over"):
        (found.root / "run" / name).unlink(missing_ok=True)


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Act in a thread of its own; what goes wrong there is told at the end."""
    faults: list[BaseException] = []

    def tried() -> None:
        try:
            act()
        except BaseException as fault:  # noqa: BLE001 - raised where it is seen
            faults.append(fault)

    thread = threading.Thread(target=tried)
    thread.start()
    yield
    thread.join()
    if faults:
        raise faults[0]


def unheard(machine: Machine, goes_on: Callable[[], bool]) -> None:
    """Let nobody hear the machine any more once it loses the link, and let it go on; then end its agent."""
    run = machine.root / "run"
    until((run / "loses").exists)
    machine.run("pkill", "-STOP", "-f", "^sshd.*: root")
    (run / "loses-over").touch()
    until(goes_on)
    machine.run("pkill", "-KILL", "-f", "python3 -I")
    machine.run("pkill", "-KILL", "-f", "^sshd.*: root")
    (run / "dies-over").touch()


def test_an_agent_that_dies_before_the_restart(machine: Machine, on_machines: Project) -> None:
    path = on_machines.runbook(LOSES + conf("two") + DIES + SERVICE)
    with meanwhile(lambda: unheard(machine, (machine.root / "run/dies").exists)):
        answer = on_machines.cutter("apply", "--yes", path)
    assert answer.code == 12, answer
    assert [entry["outcome"] for entry in on_machines.entries("evidence")][-4:] == ["unknown"] * 4
    assert ((machine.root / "etc/owed.conf").read_text(), read_by(machine)) == ("two", "one")
    assert [each["changed"] for each in owed(on_machines)] == [["conf"]]
    all_is_well(on_machines, machine, site(on_machines, "two"))
    assert read_by(machine) == "two"


def test_an_agent_that_comes_to_its_end(machine: Machine, on_machines: Project) -> None:
    """It has restarted the service, but nobody saw it: the next run sees to it that it was."""
    path = on_machines.runbook(LOSES + conf("two") + SERVICE)
    with meanwhile(lambda: unheard(machine, lambda: read_by(machine) == "two")):
        answer = on_machines.cutter("apply", "--yes", path)
    assert answer.code == 12, answer
    assert [each["changed"] for each in owed(on_machines)] == [["conf"]]
    all_is_well(on_machines, machine, site(on_machines, "two"))
    assert read_by(machine) == "two"
