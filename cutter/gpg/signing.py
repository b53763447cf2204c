"""A detached signature: by a person's own key, their agent, their pinentry; or by the key of a home.

The key of a home signs unattended, so it has no passphrase.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from cutter.children import run
from cutter.errors import StepFailed
from cutter.gpg.homes import PACKAGE, work

_OF_THE_CALLER = (
    *("GNUPGHOME", "GPG_TTY", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR"),
    *("DBUS_SESSION_BUS_ADDRESS", "PINENTRY_USER_DATA", "SSH_CONNECTION"),
)
"""What gpg, its agent and its pinentry need to find the person; none of it is a secret."""
_PLAIN = ("--no-textmode", "--no-comments", "--no-emit-version", "--default-sig-expire", "0")
_PATIENCE = 600.0


def signed(content: bytes, fingerprint: str) -> bytes:
    """Return an armored detached signature over these bytes by a key of the caller's own keyring.

    The passphrase is asked by the person's pinentry and never passes through here. Raises StepFailed with
    gpg's own words, and Unavailable without gpg.
    """
    asked = ("--batch", "--no-tty", "--local-user", fingerprint, "--digest-algo", "SHA512")
    ended = run(
        ["gpg", *asked, *_PLAIN, "--armor", "--output", "-", "--detach-sign"],
        stdin=content,
        environment=_surroundings(),
        timeout=_PATIENCE,
        package=PACKAGE,
    )
    if not ended.succeeded or not ended.stdout:
        cause = f"gpg does not sign with {fingerprint}: {ended.killed or ended.last_lines()}"
        raise StepFailed(cause, remedy=f"gpg --list-secret-keys {fingerprint}")
    return ended.stdout


def signed_in(home: str, content: bytes, fingerprint: str) -> bytes:
    """Return the same by a key of a home, where nobody is asked anything. Raises StepFailed, Unavailable."""
    asked = ("--local-user", fingerprint, "--digest-algo", "SHA512")
    return work(home, *asked, *_PLAIN, "--armor", "--output", "-", "--detach-sign", stdin=content).stdout


def _surroundings() -> dict[str, str]:
    found = {name: os.environ[name] for name in _OF_THE_CALLER if name in os.environ}
    if "GPG_TTY" not in found:
        with suppress(OSError, ValueError, AttributeError):
            found["GPG_TTY"] = os.ttyname(sys.stdin.fileno())
    return found
