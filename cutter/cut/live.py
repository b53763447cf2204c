"""The genuine text of a document as the database holds it, read in a transaction that can only read.

Both discoverers take an open connection that is in no transaction (psycopg's, or one that behaves like it) of
a login that may only select, and leave it in none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cutter.cut.cutplan import Cutplan, Marks, guarded, plan
from cutter.cut.faults import Fault, InvalidSource
from cutter.cut.grammar import Grammar
from cutter.cut.guard import empty, placeholder
from cutter.cut.marking import Marking
from cutter.cut.rows import Ignorable, MarkRow, Source, Span
from cutter.cut.tally import Expected, Tally
from cutter.errors import PreconditionError
from cutter.model.canonical import bytes_digest, digest

_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_QUERIES = os.path.join(os.path.dirname(__file__), "queries")


class LiveReadOnly:
    """The stored source text of a document; where none is stored, its rows' own titles and bodies."""

    def __init__(self, connection: Any, document_ref: str, version: int | None = None) -> None:
        """Take the connection, the document, and its version; without one, the newest is read."""
        self.connection = connection
        self.document_ref = document_ref
        self.version = version

    def discover(self, grammar: Grammar, expect: Expected = ()) -> Marks:
        """Return the units. Raises PreconditionError when the document is not there, or not whole."""
        with _reading(self.connection) as cursor:
            found = self._stored(cursor)
            if isinstance(found, Source):
                return Marking(found, grammar, expect)
            units = _live_units(cursor, self.document_ref, found)
            return LiveRows(self.document_ref, units, expect or grammar.expect)

    def _stored(self, cursor: Any) -> Source | int | None:
        """Return the stored text; where there is none, the id of the version, if the document has one."""
        wanted = {"document_ref": self.document_ref, "version": self.version}
        cursor.execute(_query("document_text"), wanted)
        found = cursor.fetchone()
        if found is None and self.version is not None:
            raise PreconditionError(f"there is no version {self.version} of {self.document_ref}")
        if found is None or found[2] is None:
            return found[0] if found else None
        _, version, text, declared = found
        content = text.encode()
        if bytes_digest(content) != declared:
            raise PreconditionError(
                f"the stored text of {self.document_ref} version {version} is not what its digest says",
                remedy="restore it from a backup; it was altered in the database",
            )
        return Source(self.document_ref, version, content, declared, f"{self.document_ref} version {version}")


class LiveDryRun(LiveReadOnly):
    """The same text, planned to the end: every row guarded and the coverage proven, nothing written."""

    def dry_run(self, grammar: Grammar, expect: Expected = ()) -> Cutplan:
        """Return what a cut would write. Raises InvalidDocument for a row without genuine text."""
        return guarded(plan(self.discover(grammar, expect)))


class LiveRows:
    """The rows of a document that has no stored text: title and body of each, joined, are its source."""

    def __init__(self, document_ref: str, units: list[tuple[Any, ...]], expect: Expected) -> None:
        """Take the rows in order: kind, section type, title, body, address, address of the parent."""
        self.grammar_digest = digest("grammar", "live rows")
        self.ignorable: list[Ignorable] = []
        self._units = units
        self._tally = Tally(expect)
        text = "".join(f"{unit[2]}\n{unit[3]}\n" for unit in units).encode()
        self.source = Source(document_ref, 1, text, bytes_digest(text), f"{document_ref} (live rows)")

    def __iter__(self) -> Iterator[MarkRow]:
        """Yield the rows as units. Raises InvalidSource, with every fault, at the end."""
        faults: list[Fault] = []
        seen: set[str] = set()
        start, line = 0, 1
        for kind, section_type, title, body, unit_ref, parent_ref in self._units:
            content = body.encode()
            end = start + len(title.encode()) + 1 + len(content)
            faults += [Fault(line, "repeat", f"{unit_ref} comes twice")] if unit_ref in seen else []
            seen.add(unit_ref)
            row = MarkRow(
                self._tally.add(section_type), kind, section_type, title, body, self.source.document_ref,
                parent_ref, unit_ref, Span(start, end), bytes_digest(content), "", line,
            )  # fmt: skip
            faults += [
                Fault(line, "placeholder", f"{unit_ref}: {what}") for what in (*placeholder(row), *empty(row))
            ]
            self.ignorable.append(Ignorable(end, end + 1, "blank"))
            start = end + 1
            line += 1 + title.count("\n") + 1 + body.count("\n")
            yield row
        faults += self._tally.faults(faults, 1)
        if faults:
            raise InvalidSource(self.source.name, faults)


@contextmanager
def _reading(connection: Any) -> Iterator[Any]:
    """Give a cursor in a transaction that can only read, and end it whatever happens."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_READ_ONLY)
            yield cursor
    finally:
        connection.rollback()


def _live_units(cursor: Any, document_ref: str, document_id: int | None) -> list[tuple[Any, ...]]:
    cursor.execute(_query("live_units"), {"document_ref": document_ref, "document_id": document_id})
    found = [tuple(row) for row in cursor.fetchall()]
    if not found:
        raise PreconditionError(
            f"the database holds neither a text nor units of {document_ref}",
            remedy="load it with a document step",
        )
    return found


def _query(name: str) -> str:
    with open(os.path.join(_QUERIES, f"{name}.sql"), encoding="utf-8") as file:
        return file.read()
