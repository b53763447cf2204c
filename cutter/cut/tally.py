"""How many units of each section type there are, beside how many were expected."""

from __future__ import annotations

from collections.abc import Iterator

from cutter.cut.faults import Fault

Expected = tuple[tuple[str, int], ...]
"""Section types and their counts; none at all expects nothing."""


class Tally:
    """Counts units as they come."""

    def __init__(self, expect: Expected) -> None:
        """Take what is expected."""
        self._expect = expect
        self._counts: dict[str, int] = {}
        self._total = 0

    def add(self, section_type: str) -> int:
        """Count one more, and return its ordinal, from 1."""
        self._counts[section_type] = self._counts.get(section_type, 0) + 1
        self._total += 1
        return self._total

    def faults(self, others: list[Fault], line: int) -> list[Fault]:
        """Return, for the last line, every count that is not the expected one, or that there is no unit.

        Where there are other faults, having no unit follows from them.
        """
        return list(self._faults(line, explained=bool(others)))

    def _faults(self, line: int, *, explained: bool) -> Iterator[Fault]:
        if not self._total and not explained:
            yield Fault(line, "no-units", "there is no unit in this text")
        if not self._expect:
            return
        expected = dict(self._expect)
        for name in [*expected, *(name for name in self._counts if name not in expected)]:
            found, wanted = self._counts.get(name, 0), expected.get(name, 0)
            if found != wanted:
                yield Fault(line, "count", f"{found} of section type {name}; {wanted} expected")
