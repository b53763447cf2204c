"""The rows of a plan in little memory: a body is bytes of the source until its row is asked for."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, overload

from cutter.cut.rows import CutplanRow, MarkRow, Span

_SHA256 = "sha256:"
_HASH_BYTES = 32
_Words: TypeAlias = tuple[str, str, str, str, "str | None", str]


class PlannedRows(Sequence[CutplanRow]):
    """Rows by their ordinals, 1 and up, each made when it is asked for; equal to any sequence of equal rows.

    What is kept of a row are its words; numbers and hashes lie side by side in arrays.
    """

    def __init__(self, source: bytes, marks: Iterable[MarkRow]) -> None:
        """Read the units of a source, once. Raises what reading them raises, ValueError for another order."""
        self._source = source
        self._starts, self._bodies, self._ends = array("Q"), array("Q"), array("Q")
        self._hashes = bytearray()
        self._words: list[_Words] = []
        for mark in marks:
            self._keep(mark)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._words)

    @overload
    def __getitem__(self, index: int) -> CutplanRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[CutplanRow, ...]: ...
    def __getitem__(self, index: int | slice) -> CutplanRow | tuple[CutplanRow, ...]:
        """Return a row, or several."""
        places = range(len(self))[index]
        return self._row(places) if isinstance(places, int) else tuple(map(self._row, places))

    def __iter__(self) -> Iterator[CutplanRow]:
        """Yield the rows."""
        return map(self._row, range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Tell whether another sequence has the same rows."""
        if not isinstance(other, (tuple, PlannedRows)):
            return NotImplemented
        return len(self) == len(other) and all(map(CutplanRow.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment] # as of a list: what is equal to it need not be hashable

    def _keep(self, mark: MarkRow) -> None:
        if mark.ordinal != len(self) + 1:
            raise ValueError(f"{mark.unit_ref} is number {mark.ordinal}, and comes as number {len(self) + 1}")
        self._starts.append(mark.span.start)
        self._bodies.append(mark.span.end - len(mark.body.encode()))
        self._ends.append(mark.span.end)
        self._hashes += bytes.fromhex(mark.body_hash.removeprefix(_SHA256))
        self._words.append((
            *(mark.unit_kind, mark.section_type, mark.title, mark.owner_ref, mark.parent_ref, mark.unit_ref),
        ))  # fmt: skip

    def _row(self, place: int) -> CutplanRow:
        kind, section_type, title, owner_ref, parent_ref, unit_ref = self._words[place]
        end, hashed = self._ends[place], place * _HASH_BYTES
        return CutplanRow(
            *(place + 1, kind, section_type, title, self._source[self._bodies[place] : end].decode()),
            *(owner_ref, parent_ref, unit_ref, Span(self._starts[place], end)),
            _SHA256 + self._hashes[hashed : hashed + _HASH_BYTES].hex(),
        )
