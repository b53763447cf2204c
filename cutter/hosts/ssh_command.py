"""The words of an ssh command: the operator's own OpenSSH and configuration, and how long we wait."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Collection, Mapping, Sequence

from cutter.errors import ConfigurationError
from cutter.hosts.remote_words import BOOT, quoted
from cutter.named_tuple import NamedTuple

PROGRAM = "CUTTER_SSH"
"""The environment variable that names another ssh program, with its first words."""
PASSWORD_PROMPT = "cutter asks for the password of sudo:"  # noqa: S105 - the question, not the answer
_LIMITS = (
    *("-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ConnectionAttempts=1"),
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
)
_ALONE = ("-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ForwardAgent=no")
"""Before the operator's own words: ssh takes the first that it meets."""
_SHARED = ("-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-o", "ForwardAgent=no")


_SHORT = 30
"""A socket's path has at most 107 characters; ssh adds 59 to the folder's."""


class Route(NamedTuple):
    """How one host is reached, from its connection variables; what is empty is left to ssh's configuration.

    `words` are the operator's own, put before ours. `become` runs the agent as root through sudo.
    `bootstrap` tells that a Python may be installed where there is none.
    `hidden` are variables of our environment that ssh does not get. `fresh` asks for a connection of its own,
    which shows that one can be made. Without an address it is this machine.
    """

    address: str
    user: str = ""
    port: int | None = None
    key_file: str = ""
    words: tuple[str, ...] = ()
    python: str = "python3"
    become: bool = False
    asks_password: bool = False
    hidden: tuple[str, ...] = ()
    bootstrap: bool = False
    fresh: bool = False


def agent_command(route: Route, marker: str) -> list[str]:
    """Return the command that starts a Python on a host, which says so and waits for the agent."""
    python = [route.python, "-I", "-S", "-c", BOOT, marker]
    return host_command(route, [*_become(route), *python])


def host_command(route: Route, argv: Sequence[str]) -> list[str]:
    """Return the command that runs a program on a host, each word quoted for the shell there."""
    if not route.address:
        return list(argv)
    remote = " ".join(map(quoted, argv))
    return [*_program(), *_options(route), "-T", "--", route.address, remote]


def environment(hidden: Collection[str] = ()) -> Mapping[str, str]:
    """Return what ssh gets of our environment, for its configuration may use it: all but what is ours.

    `hidden` are the names of variables that hold a secret.
    """
    return {
        key: value for key, value in os.environ.items() if not key.startswith("CUTTER_") and key not in hidden
    }


def control_folder() -> str:
    """Return the folder of shared connections, made and shut to others; its path is short, as sockets need.

    Raises ConfigurationError when somebody else has made it.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    near = runtime if os.path.isdir(runtime) and len(runtime) < _SHORT else "/tmp"  # noqa: S108 - checked below
    folder = f"{near}/cutter-ssh-{os.geteuid()}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    seen = os.lstat(folder)
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid() or seen.st_mode & 0o077:
        raise ConfigurationError(
            f"{folder} is not a folder of this user alone", place="ssh", remedy=f"remove it: rm -r {folder}"
        )
    return folder


def _program() -> list[str]:
    return shlex.split(os.environ.get(PROGRAM, "")) or ["ssh"]


def _options(route: Route) -> list[str]:
    control = [*_SHARED, "-o", f"ControlPath={control_folder()}/%C"]
    found = [*_ALONE, *route.words, *_LIMITS] if route.fresh else [*route.words, *_LIMITS, *control]
    found += ["-l", route.user] if route.user else []
    found += ["-p", str(route.port)] if route.port else []
    return found + (["-i", route.key_file] if route.key_file else [])


def root_command(route: Route, script: str) -> list[str]:
    """Return the command that runs a shell script on a host, as root where the route says so."""
    return host_command(route, [*_become(route), "sh", "-c", script])


def _become(route: Route) -> list[str]:
    if not route.become:
        return []
    asking = ["-S", "-p", PASSWORD_PROMPT] if route.asks_password else ["-n"]
    return ["sudo", "-H", *asking, "--"]
