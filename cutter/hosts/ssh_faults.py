"""Why a host cannot be reached or its agent does not start: the cause in one line, and what to type."""

from __future__ import annotations

import re
import shlex
from errno import EMFILE, ENFILE

from cutter.errors import CutterError, PermissionRefused, Unavailable, Unprepared
from cutter.hosts.ssh_command import Route
from cutter.named_tuple import NamedTuple

_NOISE = re.compile(
    r"^(Warning: Permanently added|Connection to .* closed|mux_client|ControlSocket .* already exists)|^\s*$"
)


class _Known(NamedTuple):
    """Words by which a fault is known, as a pattern, the complaint about it, and what a person can do."""

    words: str
    cause: str
    remedy: str
    kind: type[CutterError] = Unavailable


_OF_SSH = 255
_BY_HAND = "try by hand: {ssh}"
INSTALL = "apt-get update && {sudo}apt-get install -y --no-install-recommends python3"
_INSTALL = "{ssh} '{sudo}" + INSTALL + "', or set bootstrap_python: true for the host"
_SUDO = "install sudo there, or log in as root"
_KNOWN = (
    _Known(
        "IDENTIFICATION HAS CHANGED",
        "its host key is not the one that is known",
        "find out why; if it is meant to be so: ssh-keygen -R {address}",
    ),
    _Known(
        "Host key verification failed",
        "its host key is not known",
        "compare its fingerprint, then: {ssh}",
    ),
    _Known("Permission denied", "it does not accept this user's keys", _BY_HAND),
    _Known("Too many authentication failures", "it does not accept this user's keys", _BY_HAND),
    _Known("Could not resolve hostname", "its name cannot be resolved", "correct ansible_host, or its name"),
    _Known("Connection refused", "nothing answers at its port of ssh", _BY_HAND),
    _Known("No route to host", "there is no way to it", _BY_HAND),
    _Known("timed out", "it does not answer", _BY_HAND),
    _Known("Timeout, server", "it stopped answering", _BY_HAND),
    _Known(
        "account validation failure|account has expired",
        "this user's account is locked there, or has expired",
        "look there as another user: chage -l USER",
        PermissionRefused,
    ),
    _Known(
        "a password is required",
        "sudo asks for a password there",
        "give it with --ask-become-pass, or let the user use sudo without",
        PermissionRefused,
    ),
    _Known(
        "incorrect password",
        "the password of sudo is wrong",
        "give it again with --ask-become-pass",
        PermissionRefused,
    ),
    _Known(
        "Sorry, try again",
        "the password of sudo is wrong",
        "give it again with --ask-become-pass",
        PermissionRefused,
    ),
    _Known("is not in the sudoers", "the user may not use sudo there", _BY_HAND, PermissionRefused),
    _Known(
        "is not allowed to (execute|run)|may not run sudo",
        "sudo does not let the user run Python as root there",
        "look there what it may: sudo -l",
        PermissionRefused,
    ),
    _Known(
        "must have a tty",
        "sudo asks for a terminal there, and cutter has none",
        "let the user use sudo without one: Defaults:USER !requiretty",
        PermissionRefused,
    ),
    _Known("sudo: not found", "there is no sudo", _SUDO),
    _Known("sudo: command not found", "there is no sudo", _SUDO),
    _Known(
        r"python \d+\.\d+ is too old",
        "its Python is too old: 3.9 is needed",
        "name a newer one as ansible_python_interpreter",
    ),
)
_NO_PYTHON = re.compile(
    r"python[0-9.]*: (command )?not found|python[0-9.]*: No such file"
    r"|(command not found|unknown command): \S*python",
    re.IGNORECASE,
)
_PART_OF_PYTHON = re.compile(r"ModuleNotFoundError: No module named '(?!cutter)([a-z_]+)'")
"""What Debian's python3-minimal says, which lacks much of the standard library."""


def fault_of(
    name: str, route: Route, code: int | None, said: bytes, why: str, *, shown: bytes = b""
) -> CutterError:
    """Return the complaint about a session that did not begin, or broke off.

    `code` is ssh's exit code, `said` the end of what it wrote to standard error, `why` our own words.
    `shown` is what a login wrote to standard output that did not come to an agent.
    """
    text = said.decode("utf-8", "replace")
    part = _PART_OF_PYTHON.search(text)
    if part or _NO_PYTHON.search(text):
        cause = f"its Python is not whole: it has no {part.group(1)}" if part else "there is no Python on it"
        return _unprepared(name, route, cause)
    for known in _KNOWN:
        if re.search(known.words, text):
            return known.kind(known.cause, place=name, remedy=_worded(known.remedy, route))
    lines = [*shown.decode("utf-8", "replace").splitlines(), *text.splitlines()]
    last = [line for line in lines if not _NOISE.match(line)]
    if not route.address:
        cause = why or (last[-1].strip() if last else f"the process that does it ended with {code}")
        return Unavailable(cause, place=name, remedy="look who ended it, then run the same command again")
    unsaid = "the connection broke off" if code == _OF_SSH else "what ran there ended"
    cause = why or (last[-1].strip() if last else f"{unsaid}: ssh ended with {code}")
    return Unavailable(cause, place=name, remedy=_worded(_BY_HAND, route))


def unstarted(name: str, program: str, error: OSError) -> CutterError:
    """Return the complaint that the program that reaches a host could not be started here."""
    remedy = "apt-get install openssh-client"
    if error.errno in {EMFILE, ENFILE}:
        remedy = "allow four open files for each host (ulimit -Hn), or take fewer hosts at a time: --limit"
    return Unavailable(f"{program} cannot be started: {error.strerror}", place=name, remedy=remedy)


def _unprepared(name: str, route: Route, cause: str) -> CutterError:
    if route.bootstrap:
        return Unprepared(cause, place=name, remedy="cutter apply installs it first, as the inventory allows")
    return Unavailable(cause, place=name, remedy=_worded(_INSTALL, route))


def _worded(remedy: str, route: Route) -> str:
    """Return a remedy with the command that reaches this host by hand."""
    user = f"-l {shlex.quote(route.user)} " if route.user else ""
    port = f"-p {route.port} " if route.port else ""
    address = shlex.quote(route.address)
    sudo = "sudo " if route.become else ""
    return remedy.format(ssh=f"ssh {user}{port}{address}", address=address, sudo=sudo)
