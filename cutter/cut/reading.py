"""Looking at what a cut left in a database: as the reader, in a transaction that can only read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Protocol

from cutter.cut.complaints import complained
from cutter.cut.cutplan import Cutplan
from cutter.cut.roles import Connection, acting_as, rows
from cutter.cut.rows import CutplanRow, Source
from cutter.cut.statements import statements
from cutter.errors import ConfigurationError, PreconditionError, Unavailable
from cutter.model.canonical import bytes_digest
from cutter.named_tuple import NamedTuple

SHOWN = 10
_PARTS = ("ordinal", "unit_kind", "section_type", "title", "owner_ref", "parent", "body", "body_hash")


class ByRole(Protocol):
    """Gives a new connection of the login behind a role."""

    def __call__(self, role: str, /) -> Any:
        """Return it; the caller closes it."""


class Stored(NamedTuple):
    """A version as the database holds it; `source` is None where it has units but no text."""

    document_id: int
    source: Source | None


class CutSeen(NamedTuple):
    """A cut as it is: its pin, how many units of each section type, the root hash over them now.

    `doubts` names what the cut's own row, its records and the hashes beside its units say otherwise.
    """

    cut_id: int
    document_id: int
    pin: str
    section_types: Mapping[str, int]
    root: str
    doubts: tuple[str, ...]


@contextmanager
def reading(by_role: ByRole) -> Iterator[Connection]:
    """Give the reader's connection, narrowed to its role, in a READ ONLY transaction that sees one moment."""
    from psycopg import IsolationLevel

    connection = _reader(by_role)
    try:
        connection.read_only = True
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        with complained("reader"):
            if rows(connection, "reading", "installed") == [(None,)]:
                raise _not_installed()
        with acting_as(connection, "reader"):
            yield connection
    finally:
        connection.close()


def _reader(by_role: ByRole) -> Connection:
    try:
        connection: Connection = by_role("reader")
    except ConfigurationError as error:
        if "does not exist" in error.cause:  # the logins come with the schema
            raise _not_installed() from error
        raise
    return connection


def _not_installed() -> Unavailable:
    return Unavailable("the schema cutter is not installed", remedy="a cut_schema step installs it")


def stored(connection: Connection, document_ref: str, version: int | None = None) -> Stored | None:
    """Return a version, or without one the newest; None where there is none.

    Raises PreconditionError when its text is not what its digest says.
    """
    with complained(document_ref):
        found = rows(connection, "live", "version", document_ref, version)
        if not found:
            return None
        document_id, number, textless, declared = found[0]
        if textless:
            return Stored(document_id, None)
        content = _text(connection, document_id)
    if bytes_digest(content) != declared:
        raise PreconditionError(
            f"the stored text of {document_ref} version {number} is not what its digest says",
            remedy="restore it from a backup: it was altered in the database",
        )
    name = f"{document_ref} version {number}"
    return Stored(document_id, Source(document_ref, number, content, declared, name))


def _text(connection: Connection, document_id: int) -> bytes:
    """Return the text of a version, read in portions."""
    known, whole = statements("live"), BytesIO()
    connection.execute(known["text"], (document_id,))
    while portions := connection.execute(known["portion"], binary=True).fetchall():
        for (portion,) in portions:
            whole.write(portion)
    connection.execute(known["read"])
    return whole.getvalue()


def seen_cut(connection: Connection, document_ref: str, version: int) -> CutSeen | None:
    """Return the cut of a version as it is now, None where it has none."""
    with complained(f"{document_ref} version {version}"):
        found = rows(connection, "reading", "cut", document_ref, version)
        if not found:
            return None
        cut_id, document_id, pin, root, doubts = found[0]
        counts = dict(rows(connection, "reading", "section_types", document_id))
    return CutSeen(cut_id, document_id, pin, counts, root, tuple(doubts))


def altered_units(connection: Connection, seen: CutSeen, planned: Cutplan) -> Iterator[str]:
    """Yield what differs from the plan, in its order: ``art_3 (body)``, ``art_4 (missing)``."""
    expected = {row.unit_ref: _expected(row) for row in planned.rows}
    there = {found[0]: tuple(found[1:]) for found in rows(connection, "reading", "units", seen.document_id)}
    for unit_ref, row in expected.items():
        if unit_ref not in there:
            yield f"{unit_ref} (missing)"
        elif there[unit_ref] != row:
            pairs = zip(_PARTS, there[unit_ref], row, strict=True)
            yield f"{unit_ref} ({', '.join(part for part, was, should in pairs if was != should)})"
    yield from (f"{unit_ref} (too many)" for unit_ref in there if unit_ref not in expected)


def counted(counts: Mapping[str, int]) -> str:
    """Return counts in words: ``60 units (15 principle, 3 section, 42 article)``."""
    return f"{sum(counts.values())} units ({', '.join(f'{count} {name}' for name, count in counts.items())})"


def _expected(row: CutplanRow) -> tuple[Any, ...]:
    return (
        *(row.ordinal, row.unit_kind, row.section_type, row.title, row.owner_ref, row.parent_ref),
        *(row.body_hash, row.body_hash),
    )
