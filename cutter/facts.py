"""What a runbook may ask about a target; each fact is looked up only when it is used. Travels."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from cutter.errors import Conflict
from cutter.model.sha256 import sha256_hex

_NOT_YET = "uninitialized"
"""What systemd leaves there until a first boot is complete: many machines say it (machine-id(5))."""


def names() -> tuple[str, ...]:
    """Return the names of all facts, sorted."""
    return tuple(sorted(_FACTS))


def fact(name: str) -> str:
    """Return a fact of this machine or user as text. Raises Conflict for a name that is no fact."""
    if name not in _FACTS:
        raise Conflict(f"facts.{name} is not known; there are {', '.join(names())}")
    return _FACTS[name]()


def machine_identity() -> str:
    """Return what tells this machine from every other: 16 hex digits of a digest, else its host name.

    The machine id itself is confidential (machine-id(5)), so a digest of it is what is recorded.
    """
    found = _machine_id()
    if not found:
        return f"hostname:{_hostname()}"
    return "machine:" + sha256_hex(b"cutter.machine.v1\n" + found.encode())[:16]


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _group() -> str:
    import grp

    try:
        return grp.getgrgid(os.getegid()).gr_name
    except KeyError:
        return str(os.getegid())


def _home() -> str:
    return os.path.expanduser("~")


def _hostname() -> str:
    return os.uname().nodename


def _machine_id() -> str:
    try:
        with open("/etc/machine-id", encoding="ascii") as file:
            found = file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if found == _NOT_YET else found


def _os_release(key: str) -> Callable[[], str]:
    def read() -> str:
        try:
            with open("/etc/os-release", encoding="utf-8") as file:
                pairs = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        except OSError:
            return ""
        return pairs.get(key, "").strip("\"'")

    return read


def _python() -> str:
    import sys

    return f"{sys.version_info[0]}.{sys.version_info[1]}"


_FACTS: Mapping[str, Callable[[], str]] = {
    "arch": lambda: os.uname().machine,
    "group": _group,
    "home": _home,
    "hostname": _hostname,
    "machine_id": _machine_id,
    "os.codename": _os_release("VERSION_CODENAME"),
    "os.id": _os_release("ID"),
    "python": _python,
    "uid": lambda: str(os.geteuid()),
    "gid": lambda: str(os.getegid()),
    "user": _user,
}
