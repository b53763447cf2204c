"""The answer to sudo's question: a password that is given once, for sudo counts the wrong ones."""

from __future__ import annotations

from threading import Lock

from cutter.hosts.channel import Channel
from cutter.hosts.ssh_command import PASSWORD_PROMPT
from cutter.model.secret import Secret

_SECONDS = 60.0


class SudoAnswer:
    """The password of one session, and whether sudo has it without having taken it for right."""

    def __init__(self, password: Secret | None) -> None:
        """Take the password, if there is one; nobody has it yet."""
        self._password = password
        self._withheld = False
        self._in_doubt = False
        self._deciding = Lock()

    def give(self, channel: Channel, ready: bytes, deadline: float) -> bool:
        """Give it once if sudo asks for it; tell whether `ready` came. Raises Lost.

        It may also come without being asked for one.
        """
        given = self._in_doubt = False
        while ready not in channel.said:
            if PASSWORD_PROMPT.encode() in channel.complaints:
                channel.complaints = channel.complaints.replace(PASSWORD_PROMPT.encode(), b"")
                if given or self._password is None or not self._may_give():  # asked again, it was wrong
                    return False
                channel.send(self._password.reveal().encode() + b"\n", _SECONDS)
                given = True
            channel.hear_for(ready, deadline)
        self._in_doubt = False
        return True

    def withhold(self) -> bool:
        """Let it not be given from now on; False where sudo has it, and has not taken it for right."""
        with self._deciding:
            self._withheld = not self._in_doubt
            return self._withheld

    def _may_give(self) -> bool:
        with self._deciding:
            self._in_doubt = not self._withheld
            return self._in_doubt
