"""What a lab stands on: processes, mounts and a network of its own, which end with the test session.

All of it hangs on one pipe. When the tests end, in whatever way, the pipe closes, the first process of the
lab's own process namespace ends with that, and the kernel ends every machine.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lab.base import NotToBeHad

_KEEPER = Path(__file__).parent / "keeper.sh"
_NEEDED = ("debootstrap", "unshare", "nsenter", "setpriv", "ip", "ssh", "ssh-keygen")


class Ground:
    """Namespaces with a bridge, br0, from which no route leads out. `folder` is seen from inside them."""

    def __init__(self, folder: Path) -> None:
        """Begin. Raises NotToBeHad where this machine does not allow it."""
        needs(*_NEEDED)
        self.folder = folder
        self.name = f"cutter-lab-{os.getpid()}-{secrets.token_hex(3)}"
        keeper = ["sh", str(_KEEPER), str(folder), self.name]
        self._keeper = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--", *keeper],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # what ends the tests is not to end who tidies up after them
        )
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != b"ready\n":
            said = self._keeper.communicate()[1].decode().strip()
            raise NotToBeHad(f"namespaces: {said}")
        (within,) = children(self._keeper.pid)
        (self.pid,) = children(within)

    @property
    def network(self) -> list[str]:
        """Return the words before a command that acts in this network, with the files of everybody."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--"]

    @property
    def inside(self) -> list[str]:
        """Return the words before a command that acts in all of these namespaces and ends with them."""
        return ["nsenter", f"--target={self.pid}", "--mount", "--net", "--pid", "--"]

    @property
    def has_control_groups(self) -> bool:
        """Tell whether there are control groups, which systemd needs."""
        return Path(f"/proc/{self.pid}/root{self.folder}/cgroup/{self.name}").is_dir()

    def run(self, script: str, *words: str) -> None:
        """Run a shell script inside. The processes it names are those that everybody sees."""
        looking_in = ["nsenter", f"--target={self.pid}", "--mount", "--net", "--"]
        argv = [*looking_in, "sh", "-euc", script, "sh", *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotToBeHad(done.stderr.strip())

    def end(self) -> None:
        """End every process of the lab and wait until nothing is left."""
        self._keeper.communicate()


def needs(*programs: str) -> None:
    """Raise NotToBeHad unless this is root and the programs are there."""
    if os.geteuid() != 0:
        raise NotToBeHad("a lab is built by root")
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [name for name in programs if not shutil.which(name, path=search)]
    if missing:
        raise NotToBeHad(f"not installed: {', '.join(missing)}")


def children(pid: int) -> list[int]:
    """Return the processes whose parent is this one."""
    return [found for found, parent in _parents() if parent == pid]


def first(pid: int) -> bool:
    """Tell whether a process is the first of its process namespace."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return any(line.startswith("NSpid:") and line.split()[-1] == "1" for line in status.splitlines())


def _parents() -> Iterator[tuple[int, int]]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            stat = (process / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(process.name), int(stat.rpartition(")")[2].split()[1])
