"""A real sshd of our own on loopback, and an ssh that knows nothing but it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PATIENCE = 60.0
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 200
MaxSessions 200
LogLevel ERROR
SetEnv PATH={path}
"""
_CLIENT = """\
Host *
  HostName 127.0.0.1
  HostKeyAlias lab
  Port {port}
  IdentityFile {folder}/key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
"""


class Sshd:
    """A server with keys of its own; every host name leads to it. `program` is what CUTTER_SSH should say."""

    def __init__(self, folder: Path) -> None:
        """Make keys and configuration, and start it."""
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        for name in ("host_key", "key", "other_key"):
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        shutil.copy(folder / "key.pub", folder / "authorized_keys")
        self.port = 0
        self._start()
        self.know("host_key.pub")
        self.client = folder / "ssh_config"
        self.client.write_text(_CLIENT.format(folder=folder, port=self.port))
        self.program = f"ssh -F {self.client}"

    def know(self, key: str) -> None:
        """Let the client know a host key, and no other."""
        known = (self.folder / key).read_text().split()[:2]
        (self.folder / "known_hosts").write_text(f"lab {' '.join(known)}\n")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def stop(self) -> None:
        """End it and every session it has."""
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it shuts itself in before it knows who comes
        for _ in range(20):  # somebody else may take the port in between
            self.port = _free_port()
            own = f"{self.folder}/bin:{Path(sys.executable).parent}"
            path = f"{own}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
            config = self.folder / "sshd_config"
            config.write_text(_CONFIG.format(folder=self.folder, port=self.port, path=path))
            argv = [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(config)]
            self._process = subprocess.Popen(argv, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            if self._answers():
                return
        raise AssertionError("sshd does not start")

    def _answers(self) -> bool:
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as there:
                return there.recv(4) == b"SSH-"
            time.sleep(0.02)
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
