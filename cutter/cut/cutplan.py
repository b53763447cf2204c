"""The cutplan: every row that a cut will write, and the pin by which anyone can tell it is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

from cutter.cut.coverage import uncovered
from cutter.cut.digests import writer_digest
from cutter.cut.faults import InvalidSource
from cutter.cut.guard import guard
from cutter.cut.planned_rows import PlannedRows
from cutter.cut.rows import CutplanRow, Ignorable, MarkRow, Source
from cutter.model.canonical import VERSION, canonical


class Marks(Protocol):
    """Units as a discoverer finds them; what may be ignored is complete when the iteration is.

    `key` is a digest of all that they are read from; empty where there is none.
    """

    key: str
    source: Source
    grammar_digest: str
    ignorable: list[Ignorable]

    def __iter__(self) -> Iterator[MarkRow]:
        """Yield the units in order. Raises InvalidSource, with every fault, at the end."""


@dataclass(frozen=True)
class Cutplan:
    """What a cut of one version of a document will write; `ignorable` is what of the source it leaves out."""

    document_ref: str
    version: int
    source_digest: str
    grammar_digest: str
    rows: Sequence[CutplanRow]
    ignorable: tuple[Ignorable, ...]

    @cached_property
    def pin(self) -> str:
        """Return ``v1:<64 hex>`` over all of every row; a body counts by its hash."""
        return pin_of(self.rows)

    @cached_property
    def root(self) -> str:
        """Return the root hash over all that a cut writes of the rows."""
        return writer_digest(self.rows)

    @cached_property
    def guarded(self) -> Self:
        """Return it after the guard has let every row pass; a plan never changes, so it looks only once.

        Raises InvalidDocument for a row of no genuine text.
        """
        for row in self.rows:
            guard(row)
        return self

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Return the number of rows of each section type, in the order they first come."""
        found: dict[str, int] = {}
        for row in self.rows:
            found[row.section_type] = found.get(row.section_type, 0) + 1
        return found


def plan(marks: Marks) -> Cutplan:
    """Return the cutplan of discovered units, proven to cover the source.

    Raises InvalidSource with every fault of the document, and InvalidDocument for a row of no genuine text.
    """
    source = marks.source
    rows = PlannedRows(source.text, marks)
    ignorable = tuple(marks.ignorable)
    gaps = uncovered(source.text, rows, ignorable)
    if gaps:
        raise InvalidSource(source.name, gaps)
    return Cutplan(source.document_ref, source.version, source.digest, marks.grammar_digest, rows, ignorable)


def pin_of(rows: Sequence[CutplanRow]) -> str:
    """Return the canonical digest of domain ``cutplan`` over the list of `pinned` rows, in little memory."""
    hashed = hashlib.sha256(f"cutter.cutplan.{VERSION}\n[".encode("ascii"))
    for index, row in enumerate(rows):
        hashed.update((b"," if index else b"") + canonical(pinned(row)))
    hashed.update(b"]")
    return f"{VERSION}:{hashed.hexdigest()}"


def pinned(row: CutplanRow) -> list[object]:
    """Return what the pin covers of a row: all but the body, for which its hash stands."""
    return [
        row.ordinal, row.unit_kind, row.section_type, row.title, row.owner_ref, row.parent_ref, row.unit_ref,
        *row.span, row.body_hash,
    ]  # fmt: skip
