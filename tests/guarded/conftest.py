"""An sshd of its own for each test, which may be broken."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from guarded.breakable import Breakable
from project import Project
from ssh.sshd import Sshd


@pytest.fixture
def own_connections() -> Iterator[Path]:
    """Give a folder for the shared connections of one test."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir="/tmp"))  # short, as sockets need
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def breakable(
    own_connections: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Breakable]:
    """Return a project whose one host, web1, is reached through an sshd that the test may break."""
    if os.geteuid() != 0 or not (shutil.which("sshd") or Path("/usr/sbin/sshd").exists()):
        pytest.skip("an sshd is started as root, from openssh-server")
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    monkeypatch.setenv("CUTTER_SSH", server.program)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own_connections))
    monkeypatch.setattr("cutter.hosts.confirming.SETTLING_SECONDS", 0.5)
    try:
        yield Breakable(Project(tmp_path), server)
    finally:
        for socket in own_connections.glob("*/*"):
            words = [*shlex.split(server.program), "-o", f"ControlPath={socket}", "-O", "exit", "any"]
            subprocess.run(words, capture_output=True, check=False)
        server.stop()
