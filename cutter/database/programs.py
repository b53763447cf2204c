"""PostgreSQL's client programs, each as one login, whose password nobody else gets to see.

A password reaches a program by a file in memory that this user alone may read: not by its arguments, not by
its environment, not by a disk.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import lru_cache

from cutter.children import Guard, exit_code_of, minimal_environment, run
from cutter.database.binaries import VARIABLE, server_folder
from cutter.database.places import Login, Place
from cutter.errors import ConfigurationError, StepFailed, Unavailable
from cutter.named_tuple import NamedTuple

_ESCAPES = str.maketrans({"\\": "\\\\", ":": "\\:"})
_SHOWN = 3
_READ = 65536


class End(NamedTuple):
    """A database, and as whom a program enters it."""

    place: Place
    login: Login


class Programs:
    """Starts client programs in a guarded block: they end with it, and with this process."""

    def __init__(self, guard: Guard, stack: ExitStack) -> None:
        """Take the guard of the block, and what is closed at its end."""
        self._guard = guard
        self._stack = stack

    def held(self, name: str, content: bytes = b"") -> int:
        """Return a file in memory, of this user alone, closed at the end of the block."""
        found = os.memfd_create(name)
        self._stack.callback(os.close, found)
        os.fchmod(found, 0o600)
        os.write(found, content)
        return found

    def start(
        self,
        words: Sequence[str],
        end: End | None = None,
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.DEVNULL,
        keep: tuple[int, ...] = (),
    ) -> Running:
        """Start a program, `stdin` from its beginning; `keep` are files that its words name.

        Raises Unavailable when it is not installed.
        """
        there, handed = self.reached(end)
        said = self.held("stderr")
        child = subprocess.Popen(
            [client_program(words[0]), *words[1:], *there],
            stdin=stdin,
            stdout=stdout,
            stderr=said,
            pass_fds=(*keep, *handed),
            env={**minimal_environment(), **self._guard.sign, "LC_ALL": "C"},
        )
        self._stack.callback(_ended, child)
        return Running(words[0], child, said)

    def run(
        self,
        words: Sequence[str],
        end: End | None = None,
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.DEVNULL,
        keep: tuple[int, ...] = (),
    ) -> None:
        """Start a program and see it through. Raises what `start` and `finish` raise."""
        if stdin >= 0:
            os.lseek(stdin, 0, os.SEEK_SET)
        self.start(words, end, stdin=stdin, stdout=stdout, keep=keep).finish()

    def reached(self, end: End | None) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Return the words by which a program finds a database, and the files that it must inherit."""
        if end is None:
            return (), ()
        from psycopg.conninfo import make_conninfo

        words = {**end.place.words, "user": end.login.user, "application_name": "cutter"}
        if end.login.password is None:
            return (f"--dbname={make_conninfo('', **words)}",), ()
        line = _password_line(end.login.password.reveal(), end)
        passwords = self.held("passwords", line)
        return (f"--dbname={make_conninfo('', passfile=f'/dev/fd/{passwords}', **words)}",), (passwords,)


class Running(NamedTuple):
    """A program that was started: its name, its process, and the file of what it complains of."""

    name: str
    child: subprocess.Popen[bytes]
    said: int

    def complaint(self) -> str:
        """Wait for its end and return why it failed; empty when it did not."""
        code = exit_code_of(self.child)
        if code == 0:
            return ""
        lines = os.pread(self.said, _READ, 0).decode("utf-8", "replace").strip().splitlines()
        return f"{self.name} failed: " + (" / ".join(lines[-_SHOWN:]) or f"exit code {code}")

    def finish(self) -> None:
        """Wait for its end. Raises StepFailed, or ConfigurationError when it is older than the server."""
        complaint = self.complaint()
        if "server version mismatch" in complaint:
            raise ConfigurationError(
                complaint,
                place=self.name,
                remedy="install the client programs of the server's version, or newer ones",
            )
        if complaint:
            raise StepFailed(complaint, place=self.name)


def client_program(name: str) -> str:
    """Return where a client program is: beside the server's own or on PATH, whichever is newer.

    A newer one knows every older server; CUTTER_PG_BIN decides alone where it is set. Raises Unavailable.
    """
    found = []
    with suppress(Unavailable):
        beside = os.path.join(server_folder(), name)
        if os.access(beside, os.X_OK):
            found.append(beside)
    on_path = None if found and VARIABLE in os.environ else shutil.which(name)
    found += [on_path] if on_path else []
    if not found:
        raise Unavailable(
            f"{name} is not installed here", place=name, remedy="apt-get install postgresql-client"
        )
    return found[0] if len(found) == 1 else max(found, key=major_of_client)


@lru_cache(maxsize=16)
def major_of_client(program: str) -> int:
    """Return the major version of a client program; 0 where it says none."""
    return int((re.match("[0-9]+", version_of_client(program)) or ["0"])[0])


def version_of_client(program: str) -> str:
    """Return the version of a client program, as it says it."""
    said = run([program, "--version"], timeout=30).stdout.decode("utf-8", "replace")
    return said.rpartition("(PostgreSQL) ")[2].strip().partition(" ")[0]


def _password_line(password: str, end: End) -> bytes:
    if "\n" in password or "\r" in password:
        raise ConfigurationError(
            f"the password of {end.login.user} has a line break, which no PostgreSQL program can be given",
            place=end.place.origin,
            remedy="give the user another password",
        )
    return f"*:*:*:*:{password.translate(_ESCAPES)}\n".encode()


def _ended(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    if child.stdout is not None:
        child.stdout.close()
