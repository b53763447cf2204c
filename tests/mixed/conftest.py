"""A project with several hosts that are all this machine, and a machine whose facts a test may say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from project import Project

from cutter import facts

HOSTS = """\
all:
  vars: {ansible_connection: local}
  children:
    web: {hosts: {web1: {}, web2: {}}}
    db: {hosts: {db1: {}}}
    idle: {}
"""
Says = Callable[..., None]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path)
    project.write("inventory/here/hosts.yml", HOSTS)
    return project


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Return what lets this machine say other facts, like ``says(os_id="debian")``."""

    def told(**found: str) -> None:
        for name, value in found.items():
            monkeypatch.setitem(facts._FACTS, name.replace("_", "."), partial(str, value))

    return told
