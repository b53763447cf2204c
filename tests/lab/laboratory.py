"""A lab: throw-away Debian machines on a network of their own, and an ssh that knows nothing but them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lab.base import NotToBeHad, base
from lab.ground import Ground
from lab.machine import Init, Machine

if TYPE_CHECKING:
    from testinfra.host import Host

_CLIENT = """\
Host *
  User root
  IdentityFile {folder}/key
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  BatchMode yes
"""
_TRIAL = """\
mkdir "$1/upper" "$1/work" "$1/trial"
mount -t overlay -o lowerdir="$2",upperdir="$1/upper",workdir="$1/work" overlay "$1/trial"
umount "$1/trial"
"""


class Lab:
    """Machines by name. Users: root; ops, who may sudo; opspw, who may with the password `PASSWORD`."""

    PASSWORD = "opspw-of-the-lab"

    def __init__(self, folder: Path, cache: Path) -> None:
        """Take a folder for keys and configuration and one for what is kept. Raises NotToBeHad."""
        self.folder = folder
        (folder / "ground").mkdir()
        self._ground = Ground(folder / "ground")
        try:
            self._base = base(cache)
            self._ground.run(_TRIAL, str(self._ground.folder), str(self._base))
        except NotToBeHad:
            self._ground.end()
            raise
        self._machines: dict[str, Machine] = {}
        self._hosts: dict[str, str] = {}
        self._number = 0
        self._key("key")
        self._write()

    @property
    def config(self) -> Path:
        """Return the configuration of ssh; it is written anew for every new machine."""
        return self.folder / "ssh_config"

    @property
    def program(self) -> str:
        """Return what CUTTER_SSH should say."""
        return " ".join([*self._ground.network, "ssh", "-F", str(self.config)])

    def machine(
        self, name: str, *, init: Init = "sshd", behind: Machine | None = None, disk: str = "1g"
    ) -> Machine:
        """Return the machine of this name, started when it is not there, or has ended.

        `behind` is the one machine through which it can be reached; `disk` is what its disk can hold.
        """
        if init == "systemd" and not self._ground.has_control_groups:
            pytest.skip("no lab with systemd: control groups are not to be had")
        if name not in self._machines or not self._machines[name].lives:
            self.end(name)
            self._start(name, init, behind, disk)
        return self._machines[name]

    def new(
        self, name: str, *, init: Init = "sshd", behind: Machine | None = None, disk: str = "1g"
    ) -> Machine:
        """Return a machine of this name as nobody has touched it; one that was there is ended."""
        self.end(name)
        return self.machine(name, init=init, behind=behind, disk=disk)

    def end(self, name: str) -> None:
        """End the machine of this name, if there is one."""
        if name in self._machines:
            self._machines.pop(name).end()
            del self._hosts[name]

    def ssh(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run ssh as cutter does, with these further words, over no shared connection."""
        argv = [*self.program.split(), *words]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)

    def seen(self, name: str) -> Host:
        """Return testinfra's view of a machine, over ssh: a second observer."""
        from testinfra.host import Host

        return Host(_over(self.program, name))

    def know(self, name: str, public_key: str | None = None) -> None:
        """Let ssh know another host key of a machine, or its own again."""
        keys = {host: (self.folder / f"{host}.pub").read_text() for host in self._hosts}
        keys |= {name: public_key} if public_key else {}
        lines = [f"{host} {' '.join(key.split()[:2])}\n" for host, key in keys.items()]
        (self.folder / "known_hosts").write_text("".join(lines))

    def shut(self) -> None:
        """End everything."""
        self._ground.end()
        for machine in self._machines.values():
            machine.gone()

    def _start(self, name: str, init: Init, behind: Machine | None, disk: str) -> None:
        self._key(name)
        made = Machine(self._ground, self._base, self.folder, name, init=init, disk=disk)
        self._number += 1
        high, low = divmod(self._number, 250)
        address = f"10.98.{low}.2" if behind else f"10.99.{high}.{low + 1}"
        made.connect(self._number, address, behind)
        jump = f"  ProxyJump {behind.name}\n" if behind else ""
        self._machines[name] = made
        self._hosts[name] = f"Host {name}\n  HostName {address}\n  HostKeyAlias {name}\n{jump}"
        self._write()

    def _key(self, name: str) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)

    def _write(self) -> None:
        partial = self.folder / "ssh_config.partial"
        partial.write_text("".join(self._hosts.values()) + _CLIENT.format(folder=self.folder))
        partial.rename(self.config)
        self.know("")


def _over(program: str, name: str) -> Any:
    from testinfra.backend.ssh import SshBackend

    class Over(SshBackend):  # type: ignore[misc]
        """testinfra's own way by ssh, with another program."""

        def _build_ssh_command(self, command: str) -> tuple[list[str], list[str]]:
            return [program, "%s", "%s"], [name, command]

    return Over(name)
