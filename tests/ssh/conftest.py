"""One sshd for all tests of a worker, and a project whose hosts it is."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import Project
from ssh.machines import can_be_told_apart
from ssh.sshd import Sshd

_HOSTS = "all:\n  hosts:\n    web1: {}\n"


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Run an sshd for the session."""
    if os.geteuid() != 0 or not (shutil.which("sshd") or Path("/usr/sbin/sshd").exists()):
        pytest.skip("an sshd is started as root, from openssh-server")
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def shared_connections(sshd: Sshd) -> Iterator[Path]:
    """Give a folder for the shared connections of one test: another's would skip what it is about."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir="/tmp"))  # short, as sockets need
    try:
        yield folder
    finally:
        for socket in folder.glob("*/*"):
            words = [*shlex.split(sshd.program), "-o", f"ControlPath={socket}", "-O", "exit", "any"]
            subprocess.run(words, capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fleet(sshd: Sshd, shared_connections: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project whose one host, web1, is reached through the sshd."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTTER_SSH", sshd.program)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(shared_connections))
    project = Project(tmp_path)
    project.write("inventory/here/hosts.yml", _HOSTS)
    return project


@pytest.fixture(scope="session")
def told_apart() -> None:
    """Make sure that one machine can be several."""
    if not can_be_told_apart():
        pytest.skip("mounts of its own are needed: run as root with CAP_SYS_ADMIN")
