"""A scratch copy of a governed database: owned by SCRATCH, without any authorisation.

What is tried on it can harm nothing, and an authorisation made there names the copy, so that it is worth
nothing on the source. Its maker's session holds an advisory lock that is named after the copy, from before
the copy is there until it is gone; so a copy without its lock was left by a dead process, whatever its age,
and is dropped by the next one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cutter.database.connections import ConnectionProvider
from cutter.database.copying import copy_schemas
from cutter.database.failures import told
from cutter.database.places import Place
from cutter.database.programs import End
from cutter.database.statements import statements

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

PREFIX = "cutter_scratch_"
SCHEMAS = ("cutter", "cutter_proof")
ADOPTABLE = ("information_unit", "fn_iu_create")
AUTHORISATIONS = "cutter.kill_switch"
_PLACE = "scratch copy"
_TRIES, _PAUSE = 50, 0.1


class CopyProvider(ConnectionProvider):
    """Connections to a copy, by the same logins as to its source."""

    watcher = "SCRATCH"

    def __init__(self, source: ConnectionProvider, name: str) -> None:
        """Take the source, whose server it uses, and the name of the copy."""
        super().__init__(source.database)
        self._source = source
        self._name = name

    @property
    def production(self) -> bool:
        """What is tried on a copy counts nowhere."""
        return False

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
        into = End(copy.place, copy.place.login("SCRATCH"))
        copy_schemas(source, into, (*SCHEMAS, *_adopted_schemas(source)), (AUTHORISATIONS,))
        with closing(copy("SCRATCH")):  # should the lock's session be lost, this one shows that it is in use
            yield copy


@contextmanager
def scratch_database(source: ConnectionProvider) -> Iterator[CopyProvider]:
    """Make an empty database on the same server, owned by SCRATCH, and drop it in the end."""
    name = f"{PREFIX}{int(time.time())}_{os.urandom(4).hex()}"
    with closing(source("SCRATCH")) as connection:
        with told(_PLACE):
            connection.autocommit = True
            _sweep(connection)
            connection.execute(statements("scratch")["lock"], (name,))
            connection.execute(_naming("create", name))
        try:
            yield CopyProvider(source, name)
        finally:
            _drop(connection, name)


def _adopted_schemas(source: ConnectionProvider) -> list[str]:
    """Return the schemas of an existing table and function that the units go into."""
    named = (source.database.names.get(key) for key in ADOPTABLE)
    return sorted({name.rpartition(".")[0] or "public" for name in named if name} - {*SCHEMAS})


def _drop(connection: Connection, name: str) -> None:
    """Drop a copy; a session of another login, which SCRATCH may not end, may need a moment to be gone.

    What cannot be dropped now is swept by the next one.
    """
    for _ in range(_TRIES):
        with suppress(Exception):
            connection.execute(_naming("drop", name))
            return
        if connection.closed:
            return
        time.sleep(_PAUSE)


def _sweep(connection: Connection) -> None:
    """Drop the copies whose maker is gone."""
    for (name,) in connection.execute(statements("scratch")["left"], (len(PREFIX), PREFIX)).fetchall():
        with suppress(Exception):  # somebody else was faster
            connection.execute(_naming("drop", name))


def _naming(statement: str, name: str) -> bytes:
    from psycopg import sql

    text = statements("scratch")[statement].decode()
    return sql.SQL(text).format(sql.Identifier(name)).as_bytes(None)
