"""Who acts."""

from __future__ import annotations

import os


def user_name() -> str:
    """Return the name of the user whose rights this process has; ``unnamed`` where there is none."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return "unnamed"


def host_name() -> str:
    """Return what this machine calls itself."""
    return os.uname().nodename


def actor_name() -> str:
    """Return ``user@host (uid)``."""
    return f"{user_name()}@{host_name()} ({os.geteuid()})"
