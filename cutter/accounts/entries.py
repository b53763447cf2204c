"""The fields of an account: what a new one gets, and what its lock and its password say."""

from __future__ import annotations

import os
import re
import time
from typing import Optional, Union

from cutter.errors import Conflict

PASSWORD, EXPIRES = 1, 7
NO_PASSWORD = "*"  # noqa: S105 - it is the absence of one
"""No password opens the account, and it is not locked: keys do."""
_HASH = re.compile(r"\*|\$[0-9a-z]+\$[A-Za-z0-9./$,=+_-]{10,}")
_DAY = 86_400
_LONG_AGO = "1"
_SHELLS = ("/bin/bash", "/bin/sh")
_CLOSED = ("/usr/sbin/nologin", "/sbin/nologin", "/bin/false")


def is_hash(text: str) -> bool:
    """Tell whether a text is a hash of crypt(5), or ``*`` for no password; a password in clear is not."""
    return _HASH.fullmatch(text) is not None


def locked(shadow: Optional[list[str]]) -> Union[bool, str]:
    """Tell whether neither password nor key opens an account, or in words that only one of them does not."""
    if shadow is None:
        return "has no entry in shadow"
    expired = _expired(shadow)
    if shadow[PASSWORD].startswith("!") == expired:
        return expired
    return "only its keys" if expired else "only its password"


def password(shadow: Optional[list[str]]) -> str:
    """Return the hash, also that of a locked account."""
    return "" if shadow is None else shadow[PASSWORD].lstrip("!")


def with_lock(shadow: list[str], *, wanted: bool) -> list[str]:
    """Return the entry locked (password and expiry both), or with both opened."""
    fields, known = list(shadow), password(shadow)
    fields[PASSWORD] = f"!{known}" if wanted else known or NO_PASSWORD
    if wanted and not _expired(shadow):
        fields[EXPIRES] = _LONG_AGO
    elif not wanted and _expired(shadow):
        fields[EXPIRES] = ""
    return fields


def with_password(shadow: list[str], known: str) -> list[str]:
    """Return the entry with another hash, changed today; a lock stays."""
    fields = list(shadow)
    fields[PASSWORD] = f"!{known}" if shadow[PASSWORD].startswith("!") else known
    fields[2] = str(int(time.time()) // _DAY)
    return fields


def new_shadow(name: str) -> list[str]:
    """Return the entry of an account that no password opens."""
    return [name, NO_PASSWORD, str(int(time.time()) // _DAY), "0", "99999", "7", "", "", ""]


def usual_shell(*, system: bool) -> str:
    """Return the shell of a new account."""
    shells = _CLOSED if system else _SHELLS
    return next((shell for shell in shells if os.access(shell, os.X_OK)), shells[-1])


def demand_shell(shell: str) -> None:
    """Raise Conflict for a shell that cannot be executed: nobody could log in."""
    if not os.access(shell, os.X_OK):
        raise Conflict(f"the shell {shell} is not there", remedy="declare its package in an earlier step")


def demand_idle(name: str, uid: int) -> None:
    """Raise Conflict when a process of the user runs."""
    for number in filter(str.isdecimal, os.listdir("/proc")):
        try:
            running = os.stat(f"/proc/{number}").st_uid == uid
        except OSError:
            continue
        if running:
            raise Conflict(
                f"process {number} belongs to {name}", remedy=f"end it: pgrep -u {uid} -a shows more"
            )


def _expired(shadow: list[str]) -> bool:
    day = shadow[EXPIRES]
    return day.isdecimal() and int(day) <= time.time() // _DAY
