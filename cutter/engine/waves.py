"""Which targets begin together, and whether the next ones may begin after what came of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Size = int | str
"""A number of targets, or a part of all like ``20%``."""


def waves(items: Sequence[Item], sizes: Sequence[Size]) -> Iterator[Sequence[Item]]:
    """Yield the items wave by wave; the last size repeats, and without any all are one wave."""
    begun = wave = 0
    while begun < len(items):
        size = _number(sizes[min(wave, len(sizes) - 1)], len(items)) if sizes else len(items)
        yield items[begun : begun + max(1, size)]
        begun, wave = begun + max(1, size), wave + 1


def too_many(failed: int, of: int, limit: Size) -> bool:
    """Tell whether so many have failed that nothing else may begin."""
    return failed > _number(limit, of)


def _number(size: Size, of: int) -> int:
    return size if isinstance(size, int) else of * int(size.removesuffix("%")) // 100
