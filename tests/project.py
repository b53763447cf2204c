"""A project of its own for a test: inventory, runbooks, world and ledger, and ways to run verbs in it."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from command_line import Answer, cutter

from cutter.ledger.sqlite import SqliteLedger

_ENVIRONMENT = """\
name: {name}
production: no
ledger: "{{{{ project_dir }}}}/{name}/ledger"
target_state: "{{{{ project_dir }}}}/{name}/target"
"""
_MATRIX = """\
apiVersion: cutter/v1
matrix: {{macro: m, date_utc: "2026-01-01", gate: g}}
gaps:
  - id: {name}
    title: One
    baseline:
      as_of: "2026-01-01"
      pre: {{status: OPEN}}
      post: {{status: OPEN}}
    blocks_first_production_run: "yes"
    reason: because
    venue: VPS
    finding: f
    next_package: p
    objectives: [{objectives}]
"""
_SET_DUMPABLE = 4
_HOSTS = "all:\n  hosts:\n    web1:\n      ansible_connection: local\n"


class Project:
    """A folder with `inventory/here`, `runbooks/` and `world/`, which runbooks know as `{{ world }}`."""

    def __init__(self, folder: Path) -> None:
        """Write the inventory and make an empty world."""
        self.folder = folder
        self.world = folder / "world"
        self.world.mkdir()
        self.ledger_folder = folder / "here" / "ledger"
        self.kept = folder / "here" / "target" / "kept"
        self.inventory("here")

    def inventory(self, name: str, variables: str = "") -> Path:
        """Write an inventory with one local host, web1, and a ledger of its own."""
        where = self.folder / "inventory" / name
        self.write(f"inventory/{name}/environment.yml", _ENVIRONMENT.format(name=name))
        self.write(f"inventory/{name}/hosts.yml", _HOSTS)
        self.write(f"inventory/{name}/group_vars/all.yml", f"world: {self.world}\n{variables}")
        return where

    def variables(self, text: str) -> None:
        """Give the one environment further variables."""
        self.write("inventory/here/group_vars/all.yml", f"world: {self.world}\n{text}")

    def runbook(self, steps: str, *, name: str = "site", head: str = "") -> str:
        """Write a runbook with these steps (YAML, indented by two) and return its path."""
        text = f"apiVersion: cutter/v1\nrunbook: {name}\ntitle: A test\nhosts: all\n{head}"
        known = "" if "world:" in head else "vars: {world: /nonexistent}\n"
        path = self.write(f"runbooks/{name}.yml", f"{text}{known}steps:\n{steps}")
        return str(path)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def cutter(self, verb: str, *words: str, environment: str = "here") -> Answer:
        """Run a verb in this process, in that environment."""
        return cutter(verb, "-i", str(self.folder / "inventory" / environment), *words)

    def apply(self, *words: str, expect: int = 0) -> str:
        """Apply, check the exit code, and return the id of the newest run."""
        answer = self.cutter("apply", "--yes", *words)
        assert answer.code == expect, answer
        return self.last_run()

    def last_run(self) -> str:
        """Return the id of the newest run."""
        return str(self.json("runs")["runs"][0]["run"])

    def json(self, verb: str, *words: str) -> Any:
        """Run a verb with --json and return what it says."""
        return json.loads(self.cutter(verb, "--json", *words).out)

    def entries(self, *kinds: str) -> list[Any]:
        """Return the bodies of the ledger's entries of some kinds, in order."""
        with SqliteLedger.read(str(self.ledger_folder), environment="here") as ledger:
            return [entry.content() for entry in ledger.entries(kinds=kinds)]


def in_child(work: Callable[[], int]) -> int:
    """Run something in a forked child and return its exit code; what was imported here is there already."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = work()
        except BaseException:  # noqa: BLE001 - the child ends here, whatever happened
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def as_nobody(work: Callable[[], int]) -> int:
    """Run something in a forked child as an ordinary user and return its exit code."""

    def become_and_work() -> int:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            ctypes.CDLL(None).prctl(_SET_DUMPABLE, 1, 0, 0, 0)  # as after an exec: /proc/PID is ours again
        return work()

    return in_child(become_and_work)


def steps_of(answer: Any, run: int = 0) -> Sequence[Any]:
    """Return the steps of the first target of a run in a JSON answer of apply or verify."""
    steps: Sequence[Any] = answer["runs"][run]["targets"][0]["steps"]
    return steps


def gap_matrix(*objectives: str, name: str = "G1") -> str:
    """Return a matrix of one gap with objectives, each like ``{runbook: site.yml, steps: all}``."""
    return _MATRIX.format(name=name, objectives=", ".join(objectives))
