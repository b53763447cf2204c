"""The tools that are compared: each gets a folder with its own text of the work, and a command to run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bench.work import Work

PEERS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cutter" / "bench"
PACKAGES = {"ansible": "ansible-core", "pyinfra": "pyinfra"}
CUTTER = Path(sys.executable).parent / "cutter"
RUNBOOK = "apiVersion: cutter/v1\nrunbook: bench\ntitle: Work to be timed\nsteps:\n"
_PLAYBOOK = """\
- hosts: all
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
"""
DEPLOY = "from io import StringIO\n\nfrom pyinfra.operations import files\n\n"
_ENVIRONMENT = """\
name: bench
production: no
ledger: "{{ project_dir }}/kept/ledger"
target_state: "{{ project_dir }}/kept/target"
"""
_HOSTS = "all:\n  hosts:\n    localhost:\n      ansible_connection: local\n"


class Tool(NamedTuple):
    """One tool ready to do a piece of work: `world` is what it changes, `memory` what else it remembers."""

    name: str
    folder: Path
    command: Sequence[str]
    memory: tuple[Path, ...]
    variables: Mapping[str, str]

    @property
    def world(self) -> Path:
        """The folder that the work is about."""
        return self.folder / "world"

    def forget(self) -> None:
        """Make the next run a first one: nothing is there, nothing is remembered, no cache is warm."""
        for path in (self.world, *self.memory):
            shutil.rmtree(path, ignore_errors=True)
        self.world.mkdir()
        os.sync()


def make_tool(name: str, folder: Path, work: Work) -> Tool:
    """Write the text of the work for a tool into an empty folder."""
    (folder / "world").mkdir(parents=True)
    return {"cutter": _cutter, "ansible": _ansible, "pyinfra": _pyinfra}[name](folder, work)


def installed(name: str) -> Path:
    """Return the folder of a peer's programs; the first call makes it, of the newest release."""
    home = PEERS / name
    if not (home / ".complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        python = Path(sys.executable).resolve()  # a version manager's shim would cost 100 ms a start
        subprocess.run([python, "-m", "venv", home], check=True)
        subprocess.run([home / "bin/python", "-m", "pip", "install", "-q", PACKAGES[name]], check=True)
        (home / ".complete").touch()
    return home / "bin"


def version(name: str) -> str:
    """Return the version of a peer."""
    question = f"from importlib.metadata import version; print(version({PACKAGES[name]!r}))"
    answer = subprocess.run(
        [installed(name) / "python", "-c", question], check=True, capture_output=True, text=True
    )
    return f"{PACKAGES[name]} {answer.stdout.strip()}"


def _cutter(folder: Path, work: Work) -> Tool:
    inventory = folder / "inventory" / "bench"
    inventory.mkdir(parents=True)
    (inventory / "environment.yml").write_text(_ENVIRONMENT)
    (inventory / "hosts.yml").write_text(_HOSTS)
    (folder / "work.yml").write_text(RUNBOOK + work.cutter)
    command = [str(CUTTER), "apply", "--yes", "-i", "inventory/bench", "work.yml"]
    cache = folder / "cache"
    return Tool("cutter", folder, command, (folder / "kept", cache), {"XDG_CACHE_HOME": str(cache)})


def _ansible(folder: Path, work: Work) -> Tool:
    (folder / "work.yml").write_text(_PLAYBOOK + work.ansible)
    command = [str(installed("ansible") / "ansible-playbook"), "-i", "localhost,", "work.yml"]
    return Tool("ansible", folder, command, (), {"ANSIBLE_HOME": str(folder / "home")})


def _pyinfra(folder: Path, work: Work) -> Tool:
    (folder / "work.py").write_text(DEPLOY + work.pyinfra)
    command = [str(installed("pyinfra") / "pyinfra"), "--yes", "@local", "work.py"]
    return Tool("pyinfra", folder, command, (), {})
