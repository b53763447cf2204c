"""One machine of a lab: a Debian of its own over the shared one, reached by ssh."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from lab.ground import Ground, children, first
from waiting import until

_INIT = Path(__file__).parent / "init.sh"
Init = Literal["sshd", "systemd"]
_MOUNT = """\
mkdir -p "$1"
mount -t tmpfs -o size="$3",mode=0755 machine "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o lowerdir="$2",upperdir="$1/upper",workdir="$1/work" overlay "$1/root"
cd "$1/root"
echo "$4" >etc/hostname
echo "$5" >etc/machine-id
printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n' "$4" >etc/hosts
cp "$7" sbin/lab-init
cp "$6/$4" etc/ssh/ssh_host_ed25519_key
chmod 0600 etc/ssh/ssh_host_ed25519_key
for home in root home/ops home/opspw; do
    mkdir -p "$home/.ssh"
    cp "$6/key.pub" "$home/.ssh/authorized_keys"
    chmod 0700 "$home/.ssh"
    chown -R --reference="$home" "$home/.ssh"
done
"""
_START = """\
if [ -d "$1/cgroup/$2" ]; then
    mkdir -p "$1/cgroup/$2/$3"
    echo $$ >"$1/cgroup/$2/$3/cgroup.procs"
fi
exec setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog \\
    unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child=KILL --propagation private \\
    --root "$1/$3/root" sh /sbin/lab-init "$3" "$4"
"""
_LINK = """\
ip link add "$1" type veth peer name eth0 netns "$2"
[ -z "$4" ] || ip link set "$1" master "$4"
ip link set "$1" up
nsenter --net="/proc/$2/ns/net" -- sh -euc '
    ip link set lo up
    ip addr add "$1" dev eth0
    ip link set eth0 up' sh "$3"
"""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """A machine that answers by ssh. `pid` is its first process, as all see it; `id` its machine id."""

    def __init__(self, ground: Ground, base: Path, keys: Path, name: str, *, init: Init, disk: str) -> None:
        """Start it, without a network yet. `keys` holds its host key, by its name, and the public key."""
        self.name = name
        self.init = init
        self.id = secrets.token_hex(16)
        self._ground = ground
        self._link: tuple[str, str] = ("", "")
        folder = str(ground.folder)
        ground.run(_MOUNT, f"{folder}/{name}", str(base), disk, name, self.id, str(keys), str(_INIT))
        begin = ["sh", "-euc", _START, "sh", folder, ground.name, name, init]
        self._log = keys / f"{name}.log"
        with self._log.open("w") as log:
            argv = [*ground.inside, *begin]
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._began)
        (self.pid,) = self._first()

    @property
    def root(self) -> Path:
        """Return its root folder. An absolute link in it leads out of it."""
        return Path(f"/proc/{self.pid}/root")

    @property
    def lives(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.poll() is None

    def connect(self, number: int, address: str, behind: Machine | None) -> None:
        """Give it an address, at the lab's bridge or at a link that only another machine has."""
        self._link = (f"v{number}", str((behind or self._ground).pid))
        self._on_the_way(_LINK, self._link[0], str(self.pid), f"{address}/16", "" if behind else "br0")
        if behind:
            near = address.rpartition(".")[0] + ".1/16"
            self._on_the_way('ip addr add "$1" dev "$2"', near, self._link[0])
        until(self._listens)

    def freeze(self) -> None:
        """Take its link away: what is sent is lost, and nobody is told."""
        self._on_the_way('ip link set "$1" down', self._link[0])

    def thaw(self) -> None:
        """Give its link back."""
        self._on_the_way('ip link set "$1" up', self._link[0])

    def run(
        self, *argv: str, check: bool = True, stdin: str = "", surroundings: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on it, as root and not by ssh, and return what it said."""
        enter = ["nsenter", f"--target={self.pid}", *("-m", "-u", "-i", "-n", "-p", "-r", "-w"), "--", *argv]
        env = {"PATH": _PATH, "LC_ALL": "C.UTF-8", "HOME": "/root", **(surroundings or {})}
        done = subprocess.run(enter, input=stdin, capture_output=True, text=True, check=False, env=env)
        assert not check or done.returncode == 0, done
        return done

    def end(self) -> None:
        """End it, as if its power were cut."""
        if self.lives:  # its number may be another's by now
            os.kill(self.pid, signal.SIGKILL)
        self.gone()
        self._ground.run('umount --recursive "$1"', f"{self._ground.folder}/{self.name}")

    def gone(self) -> None:
        """Wait until it has ended."""
        self._process.wait()

    def _on_the_way(self, script: str, *words: str) -> None:
        enter = ["nsenter", f"--net=/proc/{self._link[1]}/ns/net", "--"]
        subprocess.run([*enter, "sh", "-euc", script, "sh", *words], check=True, capture_output=True)

    def _began(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        return bool(self._first())

    def _first(self) -> list[int]:
        """Return the process that is the first of a process namespace, once there is one."""
        return [pid for starter in children(self._process.pid) for pid in children(starter) if first(pid)]

    def _listens(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        listening = Path(f"/proc/{self.pid}/net/tcp").read_text()
        return any(line.split()[1].endswith(":0016") for line in listening.splitlines())
