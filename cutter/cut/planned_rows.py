"""The rows of a plan in little memory: a body is bytes of the source until its row is asked for."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from cutter.cut.rows import CutplanRow, MarkRow


class PlannedRows(Sequence[CutplanRow]):
    """Rows in their order, each made when it is asked for; equal to any sequence of equal rows."""

    def __init__(self, source: bytes, marks: Iterable[MarkRow]) -> None:
        """Read the units of a source, once. Raises what reading them raises."""
        self._source = source
        self._begins = array("Q")
        self._rows = [self._without_body(mark) for mark in marks]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> CutplanRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[CutplanRow, ...]: ...
    def __getitem__(self, index: int | slice) -> CutplanRow | tuple[CutplanRow, ...]:
        """Return a row, or several."""
        if isinstance(index, slice):
            return tuple(map(self._whole, self._rows[index], self._begins[index]))
        return self._whole(self._rows[index], self._begins[index])

    def __iter__(self) -> Iterator[CutplanRow]:
        """Yield the rows."""
        return map(self._whole, self._rows, self._begins)

    def __eq__(self, other: object) -> bool:
        """Tell whether another sequence has the same rows."""
        if not isinstance(other, (tuple, PlannedRows)):
            return NotImplemented
        return len(self) == len(other) and all(map(CutplanRow.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment] # as of a list: what is equal to it need not be hashable

    def _without_body(self, mark: MarkRow) -> CutplanRow:
        self._begins.append(mark.span.end - len(mark.body.encode()))
        return CutplanRow(*mark[:4], "", *mark[5:10])  # type: ignore[arg-type] # mypy joins the parts of a slice

    def _whole(self, row: CutplanRow, begin: int) -> CutplanRow:
        body = self._source[begin : row.span.end].decode()
        return CutplanRow(*row[:4], body, *row[5:])  # type: ignore[arg-type] # mypy joins the parts of a slice
