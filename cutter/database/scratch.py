"""A scratch copy of a governed database: dump and restore, owned by SCRATCH, without any authorisation.

What is tried on it can harm nothing, and an authorisation made there names the copy, so that it is worth
nothing on the source. The dump goes through memory and never onto a disk. A copy that a dead process left is
dropped by a later one.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cutter.database.client_programs import client_program, surroundings
from cutter.database.connections import ConnectionProvider
from cutter.database.failures import told
from cutter.database.places import Login, Place
from cutter.database.statements import statements
from cutter.errors import StepFailed

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

PREFIX = "cutter_scratch_"
SCHEMAS = ("cutter", "cutter_proof")
AUTHORISATIONS = "cutter.kill_switch"
_STALE_SECONDS = 3600
_PLACE = "scratch copy"


class CopyProvider(ConnectionProvider):
    """Connections to a copy, by the same logins as to its source."""

    def __init__(self, source: ConnectionProvider, name: str) -> None:
        """Take the source, whose server it uses, and the name of the copy."""
        super().__init__(source.database)
        self._source = source
        self._name = name

    @property
    def place(self) -> Place:
        """Where the copy is."""
        found = self._source.place
        return found._replace(words={**found.words, "dbname": self._name})


@contextmanager
def scratch_copy(source: ConnectionProvider) -> Iterator[CopyProvider]:
    """Make a copy of a database's governed schema, and drop it in the end.

    Raises ConfigurationError without the logins BACKUP and SCRATCH, Unavailable without pg_dump, StepFailed
    when the dump or its restoration fails.
    """
    with scratch_database(source) as copy:
        _restore(copy.place, copy.place.login("SCRATCH"), _dump(source.place, source.place.login("BACKUP")))
        yield copy


@contextmanager
def scratch_database(source: ConnectionProvider) -> Iterator[CopyProvider]:
    """Make an empty database on the same server, owned by SCRATCH, and drop it in the end."""
    name = f"{PREFIX}{int(time.time())}_{os.urandom(4).hex()}"
    with closing(source("SCRATCH")) as connection, told(_PLACE):
        connection.autocommit = True
        _sweep(connection)
        connection.execute(_naming("create", name))
        try:
            copy = CopyProvider(source, name)
            with closing(copy("SCRATCH")):  # a session: nobody takes it for one that was left
                yield copy
        finally:
            with suppress(Exception):  # what cannot be dropped now is swept by the next one
                connection.execute(_naming("drop", name))


def _sweep(connection: Connection) -> None:
    """Drop copies that nobody is connected to and that are old enough to have been left."""
    oldest = int(time.time()) - _STALE_SECONDS
    found = connection.execute(statements("scratch")["left"], (PREFIX + "%",)).fetchall()
    for (name,) in found:
        made = name.removeprefix(PREFIX).partition("_")[0]
        if made.isdigit() and int(made) < oldest:
            with suppress(Exception):  # somebody else was faster
                connection.execute(_naming("drop", name))


def _naming(statement: str, name: str) -> bytes:
    from psycopg import sql

    text = statements("scratch")[statement].decode()
    return sql.SQL(text).format(sql.Identifier(name)).as_bytes(None)


def _dump(place: Place, login: Login) -> int:
    """Return a memory file with the archive."""
    archive = os.memfd_create("archive")
    words = [f"--schema={name}" for name in SCHEMAS]
    argv = [
        client_program("pg_dump"),
        "--format=custom",
        "--no-owner",
        f"--exclude-table-data={AUTHORISATIONS}",
        *words,
    ]
    _run(argv, place, login, stdout=archive)
    return archive


def _restore(place: Place, login: Login, archive: int) -> None:
    """Restore an archive, all but default rights, which are another role's; and close it."""
    try:
        listed = os.memfd_create("list")
        try:
            program = client_program("pg_restore")
            _run([program, "--list"], place, login, stdin=archive, stdout=listed, connects=False)
            os.lseek(listed, 0, os.SEEK_SET)
            with open(listed, "rb", closefd=False) as file:
                wanted = [line for line in file.read().splitlines() if b" DEFAULT ACL " not in line]
            os.ftruncate(listed, 0)
            os.lseek(listed, 0, os.SEEK_SET)
            os.write(listed, b"\n".join(wanted) + b"\n")
            os.lseek(listed, 0, os.SEEK_SET)
            words = ["--no-owner", "--exit-on-error", "--single-transaction", f"--use-list=/dev/fd/{listed}"]
            argv = [program, *words, f"--dbname={place.words['dbname']}"]
            _run(argv, place, login, stdin=archive, keep=(listed,))
        finally:
            os.close(listed)
    finally:
        os.close(archive)


def _run(
    argv: Sequence[str],
    place: Place,
    login: Login,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    keep: tuple[int, ...] = (),
    connects: bool = True,
) -> None:
    if stdin >= 0:
        os.lseek(stdin, 0, os.SEEK_SET)
    with surroundings(place, login if connects else None) as around:
        done = subprocess.run(
            list(argv),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            pass_fds=(*keep, *around.descriptors),
            env=around.environment,
            check=False,
        )
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        what = os.path.basename(argv[0])
        raise StepFailed(f"{what} failed: {' '.join(last) or done.returncode}", place=_PLACE)
