"""The reference schema: numbered files, applied in order by the owner, once each, never altered after."""

from __future__ import annotations

import os

from cutter.cut.complaints import complained
from cutter.cut.roles import Connection
from cutter.cut.statements import SCHEMA, statements
from cutter.errors import ConfigurationError, Conflict
from cutter.model.canonical import bytes_digest, digest
from cutter.named_tuple import NamedTuple

PLACE = "schema cutter"
SHOWN = 3


class SchemaFile(NamedTuple):
    """One numbered file: its version, name and digest (``sha256:<64 hex>`` of its bytes)."""

    version: int
    name: str
    digest: str


def available(folder: str = SCHEMA) -> tuple[SchemaFile, ...]:
    """Return the numbered files in order. Raises ConfigurationError when a number is missing or taken."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(".sql"))
    found = tuple(SchemaFile(int(name[:4]), name, bytes_digest(_content(folder, name))) for name in names)
    if [file.version for file in found] != list(range(1, len(found) + 1)):
        raise ConfigurationError(
            f"the schema files are not numbered one by one: {', '.join(names)}", place=folder
        )
    return found


def applied(connection: Connection) -> tuple[SchemaFile, ...]:
    """Return what is applied to the database, in order; nothing where the schema is not installed."""
    known = statements("schema_install")
    with complained(PLACE):
        row = connection.execute(known["is_there"]).fetchone()
        if not row or not row[0]:
            return ()
        return tuple(SchemaFile(*found) for found in connection.execute(known["applied"]).fetchall())


def schema_digest(files: tuple[SchemaFile, ...]) -> str:
    """Return one digest for these files in this order."""
    return digest("schema", [[file.version, file.name, file.digest] for file in files])


def pending(connection: Connection, folder: str = SCHEMA) -> tuple[SchemaFile, ...]:
    """Return the files that are not applied yet.

    Raises Conflict when an applied file was altered since, or the database is newer than these files.
    """
    files, there = available(folder), applied(connection)
    if len(there) > len(files):
        raise Conflict(
            f"the database has version {there[-1].version}, and the newest file is {files[-1].name}",
            place=PLACE,
            remedy="use a cutter as new as the one that installed it",
        )
    for file, old in zip(files, there, strict=False):
        if file != old:
            raise Conflict(
                f"{old.name} is applied and was altered afterwards",
                place=PLACE,
                remedy="add a new numbered file",
            )
    return files[len(there) :]


def upgrade(connection: Connection, folder: str = SCHEMA) -> tuple[SchemaFile, ...]:
    """Apply what is not applied yet, as the owner's login, and return it. The caller commits: all or nothing.

    Raises Conflict (see `pending` and `refuse_altered`), ConfigurationError for a database whose encoding is
    not UTF8.
    """
    with complained(PLACE):
        _prepare(connection)
        files = pending(connection, folder)
        refuse_altered(connection)
        for file in files:
            _apply(connection, folder, file)
        if files:
            remember_parts(connection)
    return files


def knows_its_parts(connection: Connection) -> bool:
    """Tell whether what is installed remembers of what it is made."""
    with complained(PLACE):
        row = connection.execute(statements("schema_install")["knows_its_parts"]).fetchone()
    return bool(row and row[0])


def refuse_altered(connection: Connection) -> None:
    """Raise Conflict when a part of the schema is not as it was installed, naming the first few."""
    if not knows_its_parts(connection):
        return
    with complained(PLACE):
        found = connection.execute(statements("schema_install")["altered"]).fetchall()
    if found:
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise Conflict(
            "; ".join(str(part) for (part,) in found[:SHOWN]) + more,
            place=PLACE,
            remedy="as the owner, put it back as the numbered file has it: a person must look",
        )


def remember_parts(connection: Connection) -> None:
    """Remember the schema as it is now, as the owner's login. The caller commits."""
    if not knows_its_parts(connection):
        return
    known = statements("schema_install")
    with complained(PLACE):
        for name in ("as_owner", "forget_parts", "remember_parts", "as_login"):
            connection.execute(known[name])


def remove(connection: Connection) -> None:
    """Drop the schema, its roles left, when no document is in it. The caller commits. Raises Conflict.

    It stays, too, where an approval was used: forgotten, that could be used again.
    """
    known = statements("schema_install")
    with complained(PLACE):
        row = connection.execute(known["documents"]).fetchone()
        if row and row[0]:
            raise Conflict(
                f"{row[0]} document versions are in it", place=PLACE, remedy="revert their steps first"
            )
        row = connection.execute(known["uses"]).fetchone()
        if row and row[0]:
            raise Conflict(
                f"{row[0]} approvals were used there, which it has to remember for ever", place=PLACE
            )
        connection.execute(known["drop"])


def _prepare(connection: Connection) -> None:
    known = statements("schema_install")
    row = connection.execute(known["encoding"]).fetchone()
    if not row or row[0] != "UTF8":
        raise ConfigurationError(
            f"the encoding of the database is {row and row[0]}",
            place=PLACE,
            remedy="make it with ENCODING 'UTF8'",
        )
    for name in ("wait", "owner"):
        connection.execute(known[name])
    row = connection.execute(known["may_be_owner"]).fetchone()
    if not row or not row[0]:
        connection.execute(known["become_member"])
    connection.execute(known["schema"])
    for name in ("as_owner", "closed", "versions", "as_login"):
        connection.execute(known[name])


def _apply(connection: Connection, folder: str, file: SchemaFile) -> None:
    known = statements("schema_install")
    connection.execute(known["as_owner"])
    connection.execute(_content(folder, file.name))
    connection.execute(known["as_owner"])  # the file may have become the login, for what only that may do
    connection.execute(known["remember"], file)
    connection.execute(known["as_login"])


def _content(folder: str, name: str) -> bytes:
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()
