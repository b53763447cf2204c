"""The genuine text of a document as the database holds it, read as the reader where nothing can be written.

Both discoverers are given what gives connections by role. In a rehearsal that is the rehearsal's own, so that
they see what its earlier steps loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cutter.cut.complaints import complained
from cutter.cut.cutplan import Cutplan, Marks
from cutter.cut.faults import Fault, InvalidSource
from cutter.cut.grammar import Grammar
from cutter.cut.guard import empty, placeholder
from cutter.cut.marking import Marking
from cutter.cut.planned_once import planned_once
from cutter.cut.reading import ByRole, reading, stored
from cutter.cut.roles import Connection, rows
from cutter.cut.rows import Ignorable, MarkRow, Source, Span
from cutter.cut.statements import statements
from cutter.cut.tally import Expected, Tally
from cutter.errors import PreconditionError
from cutter.model.canonical import bytes_digest, digest


class LiveReadOnly:
    """The stored source text of a document; where none is stored, its rows' own titles and bodies."""

    def __init__(self, by_role: ByRole, document_ref: str, version: int | None = None) -> None:
        """Take the connections, the document, and its version; without one, the newest is read."""
        self.by_role = by_role
        self.document_ref = document_ref
        self.version = version

    def discover(self, grammar: Grammar, expect: Expected = ()) -> Marks:
        """Return the units. Raises PreconditionError when the document is not there, or not whole."""
        with reading(self.by_role) as connection:
            there = stored(connection, self.document_ref, self.version)
            if there is None and self.version is not None:
                raise PreconditionError(
                    f"there is no version {self.version} of {self.document_ref}",
                    remedy="a document step loads it",
                )
            if there is not None and there.source is not None:
                return Marking(there.source, grammar, expect)
            units = _live_units(connection, self.document_ref, there.document_id if there else None)
            return LiveRows(self.document_ref, units, expect or grammar.expect)


class LiveDryRun(LiveReadOnly):
    """The same text, planned to the end: every row guarded and the coverage proven, nothing written."""

    def dry_run(self, grammar: Grammar, expect: Expected = ()) -> Cutplan:
        """Return what a cut would write. Raises InvalidDocument for a row without genuine text."""
        return planned_once(self.discover(grammar, expect)).guarded


class LiveRows:
    """The rows of a document that has no stored text: title and body of each, joined, are its source."""

    key = ""  # addresses and parents are stored, not read from the text: no digest of it stands for them

    def __init__(self, document_ref: str, units: Iterable[tuple[Any, ...]], expect: Expected) -> None:
        """Take the rows in order: kind, section type, title, body, address, address of the parent.

        They are read here, each once. Raises PreconditionError when there is none.
        """
        self.grammar_digest = digest("grammar", "live rows")
        self.ignorable: list[Ignorable] = []
        self._document_ref = document_ref
        self._tally = Tally(expect)
        self._faults: list[Fault] = []
        self._seen: set[str] = set()
        self._text = bytearray()
        self._line = 1
        self._rows = [self._read(unit) for unit in units]
        if not self._rows:
            raise PreconditionError(
                f"the database holds neither a text nor units of {document_ref}",
                remedy="load it with a document step",
            )
        text = bytes(self._text)
        self.source = Source(document_ref, 1, text, bytes_digest(text), f"{document_ref} (live rows)")

    def __iter__(self) -> Iterator[MarkRow]:
        """Yield the rows as units. Raises InvalidSource, with every fault, at the end."""
        yield from self._rows
        faults = self._faults + self._tally.faults(self._faults, 1)
        if faults:
            raise InvalidSource(self.source.name, faults)

    def _read(self, unit: tuple[Any, ...]) -> MarkRow:
        kind, section_type, title, body, unit_ref, parent_ref = unit
        content = body.encode()
        start = len(self._text)
        self._text += b"%b\n%b\n" % (title.encode(), content)
        end = len(self._text) - 1
        self.ignorable.append(Ignorable(end, end + 1, "blank"))
        row = MarkRow(
            self._tally.add(section_type), kind, section_type, title, body, self._document_ref,
            parent_ref, unit_ref, Span(start, end), bytes_digest(content), "", self._line,
        )  # fmt: skip
        self._judge(row)
        self._seen.add(unit_ref)
        self._line += 2 + title.count("\n") + body.count("\n")
        return row

    def _judge(self, row: MarkRow) -> None:
        if row.unit_ref in self._seen:
            self._faults.append(Fault(row.line, "repeat", f"{row.unit_ref} comes twice"))
        for what in (*placeholder(row), *empty(row)):
            self._faults.append(Fault(row.line, "placeholder", f"{row.unit_ref}: {what}"))


def _live_units(
    connection: Connection, document_ref: str, document_id: int | None
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows a portion at a time: the server keeps the rest."""
    with complained(document_ref):
        connection.execute(statements("live")["open"], (document_ref, document_id))
        while portion := rows(connection, "live", "next"):
            yield from portion
        connection.execute(statements("live")["close"])
