"""Schemas from one database into another, by pg_dump and pg_restore.

Definitions and rows are of one snapshot. Rows go from one program to the other through a pipe, so that
neither memory nor a disk holds them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

from cutter.children import guarded
from cutter.database.connections import ConnectionProvider
from cutter.database.failures import told
from cutter.database.programs import End, Programs
from cutter.database.statements import statements
from cutter.errors import StepFailed

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

_LOCK_WAIT = "5s"
_RESTORE = ("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction")


def copy_schemas(
    source: ConnectionProvider, into: End, schemas: Sequence[str], without: Sequence[str]
) -> None:
    """Copy schemas with their rows, but for the rows of the tables `without`, as BACKUP of the source.

    What else others have in such a schema, and BACKUP may not read, stays behind.
    Owners are left out, and default rights, which are another role's. Raises ConfigurationError without that
    login, Unavailable without the programs, StepFailed when one of them fails.
    """
    whence = End(source.place, source.place.login("BACKUP"))
    with held_snapshot(source) as (connection, snapshot), guarded() as guard, ExitStack() as stack:
        programs = Programs(guard, stack)
        dump = ["pg_dump", "--format=custom", f"--lock-wait-timeout={_LOCK_WAIT}", f"--snapshot={snapshot}"]
        dump += [f'--schema="{name}"' for name in schemas]
        dump += [f"--exclude-table={name}" for name in _unreadable(connection, schemas)]
        definitions = programs.held("definitions")
        programs.run([*dump, "--schema-only"], whence, stdout=definitions)
        wanted = _wanted(programs, definitions)
        chosen = [*_RESTORE, f"--use-list=/dev/fd/{wanted}"]
        programs.run([*chosen, "--section=pre-data"], into, stdin=definitions, keep=(wanted,))
        rows = [*dump, "--section=data", "--compress=0"]
        rows += [f"--exclude-table-data={name}" for name in without]
        _piped(programs, rows, whence, into)
        programs.run([*chosen, "--section=post-data"], into, stdin=definitions, keep=(wanted,))


@contextmanager
def held_snapshot(source: ConnectionProvider) -> Iterator[tuple[Connection, str]]:
    """Give BACKUP's connection, and the name of the snapshot that it holds until the block ends."""
    known = statements("scratch")
    with closing(source("BACKUP")) as connection:
        with told("snapshot"):
            connection.execute(known["hold"])
            connection.execute(known["patience"])
            row = connection.execute(known["snapshot"]).fetchone()
        yield connection, str(row[0]) if row else ""


def _unreadable(connection: Connection, schemas: Sequence[str]) -> list[str]:
    """Return the tables, views and sequences that BACKUP may not read, as pg_dump wants them named."""
    with told("copying"):
        found = connection.execute(statements("scratch")["unreadable"], (list(schemas),)).fetchall()
    return [name for (name,) in found]


def _wanted(programs: Programs, definitions: int) -> int:
    """Return a file in memory with the list of an archive's entries, but for default rights."""
    found, wanted = programs.held("entries"), programs.held("wanted")
    programs.run(["pg_restore", "--list"], stdin=definitions, stdout=found)
    with open(found, "rb", closefd=False) as entries:
        entries.seek(0)
        os.write(wanted, without_default_rights(entries))
    return wanted


def without_default_rights(entries: Iterable[bytes]) -> bytes:
    """Return an archive's list of entries without default rights, which only their own role may give.

    And without the schema public, which every database has.
    """
    unwanted = (b" DEFAULT ACL ", b" SCHEMA - public ")
    return b"".join(line for line in entries if not any(words in line for words in unwanted))


def _piped(programs: Programs, rows: Sequence[str], whence: End, into: End) -> None:
    giving = programs.start(rows, whence, stdout=subprocess.PIPE)
    taken = giving.child.stdout
    if taken is None:
        raise AssertionError("its output is a pipe")
    taking = programs.start([*_RESTORE, "--section=data"], into, stdin=taken.fileno())
    taken.close()  # so that the one who gives notices when the other is gone
    said = [complaint for complaint in (taking.complaint(), giving.complaint()) if complaint]
    if said:  # either may be the cause of the other
        raise StepFailed("; ".join(said), place="copying")
