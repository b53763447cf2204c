"""The same where cutter runs on the machine itself: killed at each point from the change to its record."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lab.owed_steps import SERVICE, conf

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from lab.machine import Machine

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.slow]
_CODE = (
    *("cutter", "yaml", "jsonschema", "jsonschema_specifications", "referencing", "rpds", "attr", "attrs"),
    *("dotenv", "gnupg", "typing_extensions"),
)
_PROGRAM = """\
import os, signal, sys
sys.path.insert(0, "/opt/here")
point, number = sys.argv[1], int(sys.argv[2])

def killed(owner, name, *, after):
    original, calls = getattr(owner, name), []
    def counted(*args, **named):
        calls.append(1)
        if len(calls) == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = original(*args, **named)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    setattr(owner, name, counted)

from cutter.agent.running import Agent
from cutter.ledger.sqlite import SqliteLedger
from cutter.resources.target.service import Service
if point != "nowhere":
    owner, name, when = point.split()
    owners = {"Agent": Agent, "SqliteLedger": SqliteLedger, "Service": Service}
    killed(owners[owner], name, after=when == "after")
from cutter.cli.main import entry
sys.argv = ["cutter", *sys.argv[3:]]
entry()
"""
_INVENTORY = {
    "environment.yml": "name: here\nproduction: no\nledger: /srv/ledger\ntarget_state: /srv/target\n",
    "hosts.yml": "all:\n  hosts:\n    here: {ansible_connection: local}\n",
}
_HEAD = "apiVersion: cutter/v1\nrunbook: site\ntitle: A test\nsteps:\n"


@pytest.fixture
def machine(lab: Lab) -> Machine:
    """Return a machine with systemd and with cutter, where the service runs with its first configuration."""
    found = lab.machine("s2", init="systemd")
    here = found.root / "opt/here"
    if here.exists():
        apply(found, "one")
        return found
    version = found.run("python3", "-c", "import sys; print(*sys.version_info[:2])").stdout.split()
    if version != [str(part) for part in sys.version_info[:2]]:
        pytest.skip(f"its Python is {'.'.join(version)}, and this one's libraries are for another")
    here.mkdir()
    for name in _CODE:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, here / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, here)
    (here / "run.py").write_text(_PROGRAM)
    for name, text in _INVENTORY.items():
        (here / "inventory").mkdir(exist_ok=True)
        (here / "inventory" / name).write_text(text)
    apply(found, "one")
    return found


def cutter(machine: Machine, point: str, number: int, *words: str) -> tuple[int, str]:
    argv = ["python3", "-I", "/opt/here/run.py", point, str(number), *words]
    done = machine.run(*argv, check=False)
    return done.returncode, done.stdout + done.stderr


def apply(machine: Machine, text: str, point: str = "nowhere", number: int = 0) -> int:
    """Apply with a configuration of this text; return the exit code."""
    (machine.root / "opt/here/site.yml").write_text(_HEAD + conf(text) + SERVICE)
    verb = ("apply", "--yes", "-i", "/opt/here/inventory", "/opt/here/site.yml")
    code, said = cutter(machine, point, number, *verb)
    assert code == 0 or point != "nowhere", said
    return code


def owed(machine: Machine) -> list[Any]:
    _, said = cutter(machine, "nowhere", 0, "runs", "-i", "/opt/here/inventory", "--json")
    found: list[Any] = json.loads(said)["owed"]
    return found


POINTS = (
    *("SqliteLedger append before", "SqliteLedger append after"),
    *("Agent _apply_one before", "Agent _told before"),
    *("Service perform before", "Service perform after"),
)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_the_restart_is_made_up_for(machine: Machine, point: str) -> None:
    """Each point is met again and again, until a run comes through."""
    for number in range(1, 20):
        text = f"{point} {number}"
        code = apply(machine, text, point, number)
        if code == 0:
            break
        assert code in {-signal.SIGKILL, 128 + signal.SIGKILL}
        conf, seen = ((machine.root / name).read_text() for name in ("etc/owed.conf", "run/seen"))
        assert conf == seen or owed(machine)
        apply(machine, text)
        assert (machine.root / "run/seen").read_text() == text
        assert owed(machine) == []
    assert 1 < number < 19
