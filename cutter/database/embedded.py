"""A PostgreSQL of our own on a unix socket, for the sandbox and for tests; never for production.

One folder is one server. Any number of processes may use it, at once or in turn: the first starts it, and the
end of the last ends it, be it a kill -9 (see embedded_guard). Who may enter the folder (0700) may connect as
anyone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from cutter.database.binaries import server_folder
from cutter.database.closing import Closing
from cutter.database.embedded_folder import (
    free_stale_pid_file,
    locked,
    own_folder,
    server_lock,
    tail,
)
from cutter.database.failures import told
from cutter.errors import PermissionRefused, Unavailable

PORT = 5432
SUPERUSER = "postgres"
_SOCKET_LIMIT = 100  # of 107 bytes a socket's path may have
_START_SECONDS = 90.0
_AS_NOBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_prepared_transactions": "10",
    "logging_collector": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class EmbeddedServer(Closing):
    """The server of one folder, held from `start` to `close`: also a context manager.

    `settings` are server settings for the process that happens to start it.
    """

    def __init__(self, folder: str, settings: Mapping[str, str] | None = None) -> None:
        """Name the folder; nothing is started yet."""
        self.folder = os.path.abspath(folder)
        self.settings = {**_SETTINGS, **(settings or {})}
        self._users: int | None = None

    @property
    def socket_folder(self) -> str:
        """Where its socket is: a short folder elsewhere when the path would be too long for a socket."""
        inside = os.path.join(self.folder, "socket")
        if len(inside.encode()) <= _SOCKET_LIMIT - len(f"/.s.PGSQL.{PORT}.lock"):
            return inside
        mark = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return f"/tmp/cutter-pg-{os.geteuid()}-{mark}"  # noqa: S108 - made 0700 and looked at before use

    def __enter__(self) -> Self:
        """Start it, or join those who use it."""
        self.start()
        return self

    def start(self) -> None:
        """Hold the server and return when it answers; at once when it is held and answers already.

        Raises Unavailable with the end of its log when it does not start, ConfigurationError when its data
        is of another version than the programs, Conflict when the folder is not ours alone.
        """
        if self._users is not None and self.answers():
            return
        try:
            self._hold_and_start()
        except PermissionError as error:
            raise PermissionRefused(f"{error.filename}: {error.strerror}", place=self.folder) from None
        except OSError as error:
            raise self._unavailable("did not start", f"{error.filename}: {error.strerror}") from None

    def _hold_and_start(self) -> None:
        own_folder(self.folder)
        if self._users is None:
            self._users = locked(os.path.join(self.folder, "users"), fcntl.LOCK_SH)
        starting = locked(os.path.join(self.folder, "starting"), fcntl.LOCK_EX)
        try:
            self._start_or_join()
        finally:
            os.close(starting)

    def close(self) -> None:
        """Let go of the server; when nobody else holds it, it stops."""
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def create_database(self, name: str) -> None:
        """Make a database of this name where there is none; two who do it at once both succeed."""
        import psycopg

        where = f"port={PORT} user={SUPERUSER} dbname={SUPERUSER} hostaddr=''"
        with (
            told(f"making the database {name}"),
            psycopg.connect(where, host=self.socket_folder, autocommit=True) as connection,
        ):
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if found is None:
                made = psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE template0")
                with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(made.format(psycopg.sql.Identifier(name)))

    def answers(self) -> bool:
        """Tell whether the server takes connections."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(os.path.join(self.socket_folder, f".s.PGSQL.{PORT}"))
            except OSError:
                return False
            return True

    def running(self) -> bool:
        """Tell whether a server process of this folder is there, ready or not."""
        lock = server_lock(self.folder)
        if lock is None:
            return True
        os.close(lock)
        return False

    def _start_or_join(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        lock = server_lock(self.folder)
        while lock is None:  # there is a guard: its server answers, or both are about to be gone
            if self.answers():
                return
            if time.monotonic() > deadline:
                raise self._unavailable("is there but does not answer")
            time.sleep(0.02)
            lock = server_lock(self.folder)
        try:
            own_folder(self.socket_folder)  # not before: a guard that ends removes it
            self._make_data()
            self._start(lock)
        finally:
            os.close(lock)  # the guard has its own

    def _make_data(self) -> None:
        """Make the data folder, whole or not at all."""
        data, partial = (os.path.join(self.folder, name) for name in ("data", "data.partial"))
        if os.path.isdir(data):
            free_stale_pid_file(os.path.join(data, "postmaster.pid"))
            return
        shutil.rmtree(partial, ignore_errors=True)
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C", f"--username={SUPERUSER}")
        sync = ("--no-sync",) if self.settings.get("fsync") == "off" else ()
        argv = [*_as_anyone(), os.path.join(server_folder(), "initdb"), *options, *sync, "-D", partial]
        done = subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL, env=_plain())
        if done.returncode:
            raise self._unavailable("could not be made", done.stderr.decode("utf-8", "replace"))
        os.rename(partial, data)

    def _start(self, lock: int) -> None:
        with open(os.path.join(self.folder, "data", "PG_VERSION"), encoding="ascii") as file:
            programs = server_folder(file.read().strip())
        settings = {**self.settings, "unix_socket_directories": self.socket_folder, "port": str(PORT)}
        server = [*_as_anyone(), "setpriv", "--pdeathsig", "INT", os.path.join(programs, "postgres")]
        server += ["-D", os.path.join(self.folder, "data")]
        server += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "embedded_guard.py")
        guard = subprocess.Popen(
            [sys.executable, "-I", "-S", script, self.folder, str(lock), self.socket_folder, *server],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[lock],
            start_new_session=True,
            env=_plain(),
            cwd="/",
        )
        with guard:
            said = _line_from(guard)
            guard.returncode = 0 if said else guard.wait()  # a guard is not waited for: it outlives us
        if not said:
            raise self._unavailable("did not start", tail(os.path.join(self.folder, "server.log")))

    def _unavailable(self, what: str, why: str = "") -> Unavailable:
        last = why.strip().splitlines()[-3:]
        cause = f"the embedded server {what}" + (f": {' / '.join(last)}" if last else "")
        return Unavailable(cause, place=self.folder, remedy=f"read {os.path.join(self.folder, 'server.log')}")


def _as_anyone() -> tuple[str, ...]:
    """Return the words that make root an ordinary user, which PostgreSQL insists on; none for others."""
    return _AS_NOBODY if os.geteuid() == 0 else ()


def _plain() -> dict[str, str]:
    """Return an environment without the PG* variables and the secrets of this process."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _line_from(guard: subprocess.Popen[bytes]) -> bytes:
    if guard.stdout is None or not select.select([guard.stdout], [], [], _START_SECONDS)[0]:
        return b""
    return guard.stdout.readline()
