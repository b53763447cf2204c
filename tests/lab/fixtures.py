"""A lab for the session, and a project whose hosts are machines of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.base import NotToBeHad
from lab.laboratory import Lab
from project import Project

_ENVIRONMENT = """\
name: here
production: no
ledger: "{{ project_dir }}/here/ledger"
target_state: /var/lib/cutter/target
"""


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Build a lab; its machines are started as they are asked for. Skips where it is not to be had."""
    try:
        built = Lab(tmp_path_factory.mktemp("lab"), Path(os.environ["LAB_CACHE"]))
    except NotToBeHad as reason:
        pytest.skip(f"no lab: {reason}")
    try:
        yield built
    finally:
        built.shut()


@pytest.fixture
def connections(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let cutter reach the machines of the lab, over shared connections that end with the test."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir="/tmp"))  # short, as sockets need
    monkeypatch.setenv("CUTTER_SSH", lab.program)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    try:
        yield folder
    finally:
        for socket in folder.glob("*/*"):
            words = [*lab.program.split(), "-o", f"ControlPath={socket}", "-O", "exit", "any"]
            subprocess.run(words, capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_machines(connections: Path, tmp_path: Path) -> Project:
    """Return a project that reaches the lab; `hosts_of` says which machines are its hosts."""
    del connections
    return Project(tmp_path)


def hosts_of(project: Project, **hosts: str) -> None:
    """Let these machines be the project's hosts, each with variables in YAML's flow form.

    On all of them `{{ world }}` is /srv/world, which is not there yet.
    """
    lines = [f"    {name}: {{{variables}}}\n" for name, variables in hosts.items()]
    project.write("inventory/here/hosts.yml", "all:\n  hosts:\n" + "".join(lines))
    project.write("inventory/here/group_vars/all.yml", "world: /srv/world\n")
    project.write("inventory/here/environment.yml", _ENVIRONMENT)
