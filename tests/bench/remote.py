"""Ten machines of the lab, and each tool with its words to do a piece of work on all of them by ssh."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.looks import looks
from bench.tools import CUTTER, DEPLOY, RUNBOOK, installed
from bench.work import Work, faults, gap5, many
from lab.laboratory import Lab

if TYPE_CHECKING:
    from lab.machine import Machine

NAMES = tuple(f"b{number}" for number in range(1, 11))
STATE = "var/lib/cutter"
_PLAYBOOK = "- hosts: all\n  gather_facts: false\n  tasks:\n"
_ENVIRONMENT = f"""\
name: bench
production: no
ledger: "{{{{ project_dir }}}}/kept/ledger"
target_state: /{STATE}/target
"""
_SHARED = "-o ControlMaster=auto -o ControlPersist=600s"


class RemoteTool(NamedTuple):
    """One tool ready to do a piece of work on all machines, below `world` there.

    `memory` is what it remembers here, `control` the folder of its shared connections.
    """

    name: str
    folder: Path
    command: Sequence[str]
    variables: Mapping[str, str]
    memory: tuple[Path, ...]
    work: Work
    world: str
    control: str


class Ten(NamedTuple):
    """The machines, and the words of the one ssh that reaches them from the network of the lab."""

    lab: Lab
    machines: tuple[Machine, ...]
    folder: Path

    @property
    def network(self) -> list[str]:
        """Return the words before a command that acts in that network."""
        return self.lab.program.split()[:-3]

    @property
    def ssh(self) -> str:
        """Return ssh with its configuration, for who is in that network."""
        return f"ssh -F {self.lab.config}"

    def tool(self, name: str, place: Path, size: int) -> RemoteTool:
        """Return a tool with its text of the work: of `size` files, or the small one for 0."""
        world = f"/srv/{name.split(maxsplit=1)[0]}-{size}"
        work = many(Path(world), size) if size else gap5(Path(world))
        place.mkdir(parents=True)
        control = str(self.folder / name[:1])
        os.makedirs(control, mode=0o700, exist_ok=True)  # noqa: PTH103 - only to others it is shut
        made = {"cutter": self._cutter, "ansible": self._ansible, "pyinfra": self._pyinfra}
        return made.get(name, self._raw)(RemoteTool(name, place, (), {}, (), work, world, control))

    def warm(self, tool: RemoteTool) -> None:
        """Let the shared connections of a tool be there; ssh goes where the tool will look for them."""
        path = f"{tool.control}/%C"
        words = [*self.network, *self.ssh.split(), *_SHARED.split(), "-o", f"ControlPath={path}"]
        begun = [subprocess.Popen([*words, name, "true"], stdin=subprocess.DEVNULL) for name in NAMES]
        if any(each.wait() for each in begun):
            raise RuntimeError(f"the machines cannot be reached for {tool.name}")

    def chill(self, tool: RemoteTool) -> None:
        """End the shared connections of a tool."""
        for socket in filter(Path.is_socket, Path(tool.control).glob("*")):
            words = [*self.network, *self.ssh.split(), "-o", f"ControlPath={socket}", "-O", "exit", "any"]
            subprocess.run(words, capture_output=True, check=False)

    def forget(self, tool: RemoteTool) -> None:
        """Make the next run a first one: nothing is there, nothing is remembered."""
        for path in tool.memory:
            shutil.rmtree(path, ignore_errors=True)
        for machine in self.machines:
            for path in (machine.root / tool.world[1:], machine.root / STATE):
                shutil.rmtree(path, ignore_errors=True)
            (machine.root / tool.world[1:]).mkdir(parents=True)

    def do_by_hand(self, tool: RemoteTool) -> None:
        """Do the work of files as a tool would have done it, for one that is slow."""
        for machine in self.machines:
            for name, content in tool.work.expected.items():
                path = machine.root / tool.world[1:] / name
                if content is None:
                    path.mkdir(parents=True, exist_ok=True)
                else:
                    path.write_bytes(content)

    def require_done(self, tool: RemoteTool) -> None:
        """Raise RuntimeError unless the work is done on all machines."""
        for machine in self.machines:
            wrong = faults(tool.work, machine.root / tool.world[1:])
            if wrong:
                raise RuntimeError(f"{tool.name} did not do the work on {machine.name}: {wrong[0]}")

    def _cutter(self, tool: RemoteTool) -> RemoteTool:
        inventory = tool.folder / "inventory" / "bench"
        inventory.mkdir(parents=True)
        (inventory / "environment.yml").write_text(_ENVIRONMENT)
        (inventory / "hosts.yml").write_text("all:\n  hosts:\n" + "".join(f"    {name}:\n" for name in NAMES))
        (tool.folder / "work.yml").write_text(RUNBOOK + tool.work.cutter)
        words = [*self.network, str(CUTTER), "apply", "--yes", "-i", "inventory/bench", "work.yml"]
        cache = tool.folder / "cache"
        told = {"CUTTER_SSH": self.ssh, "XDG_RUNTIME_DIR": str(self.folder), "XDG_CACHE_HOME": str(cache)}
        control = f"{self.folder}/cutter-ssh-{os.geteuid()}"
        os.makedirs(control, mode=0o700, exist_ok=True)  # noqa: PTH103 - only to others it is shut
        memory = (tool.folder / "kept", cache)
        return tool._replace(command=words, variables=told, memory=memory, control=control)

    def _ansible(self, tool: RemoteTool) -> RemoteTool:
        (tool.folder / "work.yml").write_text(_PLAYBOOK + tool.work.ansible)
        hosts = "".join(f"{name} ansible_python_interpreter=/usr/bin/python3\n" for name in NAMES)
        (tool.folder / "hosts.ini").write_text(hosts)
        words = [str(installed("ansible") / "ansible-playbook"), "-i", "hosts.ini", "work.yml"]
        told = {
            "ANSIBLE_HOME": str(tool.folder / "home"),
            "ANSIBLE_FORKS": str(len(NAMES)),
            "ANSIBLE_PIPELINING": "True",
            "ANSIBLE_SSH_ARGS": f"-F {self.lab.config} {_SHARED}",
            "ANSIBLE_SSH_CONTROL_PATH": f"{tool.control}/%%C",
        }
        return tool._replace(command=[*self.network, *words], variables=told)

    def _pyinfra(self, tool: RemoteTool) -> RemoteTool:
        (tool.folder / "work.py").write_text(DEPLOY + tool.work.pyinfra)
        config, keys = self.lab.config.read_text(), self.lab.folder
        known = {name: (keys / f"{name}.pub").read_text().split()[:2] for name in NAMES}
        addresses = dict(re.findall(r"Host (\S+)\n  HostName (\S+)", config))
        lines = [f"{addresses[name]} {' '.join(key)}\n" for name, key in known.items()]
        (tool.folder / "known_hosts").write_text("".join(lines))
        told = {
            "ssh_user": "root",
            "ssh_key": str(keys / "key"),
            "ssh_known_hosts_file": str(tool.folder / "known_hosts"),
            "ssh_strict_host_key_checking": "yes",
        }
        hosts = [(addresses[name], told) for name in NAMES]
        (tool.folder / "inventory.py").write_text(f"hosts = {hosts!r}\n")
        words = [str(installed("pyinfra") / "pyinfra"), "--yes", "inventory.py", "work.py"]
        return tool._replace(command=[*self.network, *words])

    def _raw(self, tool: RemoteTool) -> RemoteTool:
        script = looks(tool.work, tool.world, together=tool.name == TOGETHER)
        (tool.folder / "look.sh").write_text(script)
        ssh = f"{self.ssh} {_SHARED} -o ControlPath={tool.control}/%C"
        begin = f'for host in {" ".join(NAMES)}; do {ssh} $host sh -s <look.sh & all="$all $!"; done\n'
        (tool.folder / "raw.sh").write_text(f"{begin}for one in $all; do wait $one || exit 1; done\n")
        return tool._replace(command=[*self.network, "sh", "raw.sh"])


RAW = "raw ssh"
TOGETHER = "raw ssh, in one go"


@contextmanager
def ten(folder: Path, cache: Path) -> Iterator[Ten]:
    """Yield the machines, each with sshd; all of it ends with this. Raises NotToBeHad."""
    (folder / "lab").mkdir()
    with tempfile.TemporaryDirectory(prefix="b-", dir="/tmp") as sockets:  # short, as sockets need
        lab = Lab(folder / "lab", cache)
        try:
            yield Ten(lab, tuple(lab.machine(name) for name in NAMES), Path(sockets))
        finally:
            lab.shut()
