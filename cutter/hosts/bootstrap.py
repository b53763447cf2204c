"""A Python for a host that has none, by the one thing that is there: a shell, through the same ssh."""

from __future__ import annotations

from collections.abc import Callable

from cutter.children import Finished, run
from cutter.errors import CutterError, StepFailed, Unavailable
from cutter.hosts.ssh_command import PASSWORD_PROMPT, Route, environment, root_command
from cutter.hosts.ssh_faults import fault_of
from cutter.model.secret import Secret

PACKAGE = "python3"
_SECONDS = 900
_NO_APT = 69
_OF_SSH = 255
_APT = "apt-get -q -y -o DPkg::Lock::Timeout=60"
_SCRIPT = f"""
command -v apt-get >/dev/null 2>&1 || exit {_NO_APT}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 NEEDRESTART_MODE=l
{_APT} update </dev/null && exec {_APT} install --no-install-recommends {PACKAGE} </dev/null
"""


def install_python(
    name: str, route: Route, password: Secret | None, aborted: Callable[[], bool] = bool
) -> None:
    """Install Debian's Python on a host, and wait for the end of it, or until it is `aborted`.

    Raises StepFailed when apt-get does not end well, and Unavailable or PermissionRefused when it was never
    begun.
    """
    given = password.reveal().encode() + b"\n" if route.asks_password and password is not None else b""
    surroundings = environment(route.hidden)
    command = root_command(route, _SCRIPT)
    ended = run(
        command,
        stdin=given,
        timeout=_SECONDS,
        environment=surroundings,
        package="openssh-client",
        aborted=aborted,
    )
    if not ended.succeeded:
        said = ended.stderr.replace(PASSWORD_PROMPT.encode(), b"")
        raise _fault(name, route, ended._replace(stderr=said))


def _fault(name: str, route: Route, ended: Finished) -> CutterError:
    if ended.killed:
        world = "apt-get may go on there for a while"
        return StepFailed(f"{PACKAGE} could not be installed: {ended.killed}", place=name, world=world)
    if ended.code == _NO_APT:
        cause = "there is no apt-get on it, by which a Python could be installed"
        return Unavailable(cause, place=name, remedy="install Python 3.9 or newer there by hand")
    if ended.code == _OF_SSH or b"sudo:" in ended.stderr:
        return fault_of(name, route, ended.code, ended.stderr, "")
    return StepFailed(
        f"{PACKAGE} could not be installed: {ended.last_lines()}",
        place=name,
        world="packages may be partly changed there: dpkg --audit shows which",
    )
