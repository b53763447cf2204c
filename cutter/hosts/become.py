"""Where the password of sudo on a host comes from; it is read when a session begins, and never shown."""

from __future__ import annotations

import os

from cutter.errors import ConfigurationError
from cutter.model.inventory import Host
from cutter.model.secret import Secret


def password_of(host: Host) -> Secret | None:
    """Return the password, None where the inventory names no source. Raises ConfigurationError."""
    source = host.become_password
    if source is None or not host.become:
        return None
    if source.env:
        value = os.environ.get(source.env)
        if not value:
            raise _missing(host, f"the environment variable {source.env} is not set", f"set {source.env}")
        return Secret(value)
    return Secret(_first_line(host, source.file))


def _first_line(host: Host, path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise _missing(host, f"{path} can be read by others", f"chmod 600 {path}")
            line = file.readline().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _missing(host, f"{path} cannot be read: {type(error).__name__}", f"ls -l {path}") from None
    if not line:
        raise _missing(host, f"{path} is empty", f"write the password into {path}")
    return line


def _missing(host: Host, cause: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(cause, place=f"{host.name}: ansible_become_password", remedy=remedy)
