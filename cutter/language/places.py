"""Where the values of one part of a document stand, looked up only when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cutter.language.strict_yaml import Document
from cutter.model.runbook import Position, ValuePath


class Places(Mapping[ValuePath, Position]):
    """Positions by path below one part of a document: ``("directory", "mode")`` inside a step."""

    def __init__(self, document: Document, path: ValuePath) -> None:
        """Take the document, and the path of the part from its top."""
        self.document = document
        self.path = path

    def __getitem__(self, path: ValuePath) -> Position:
        """Return where the value stands; where there is none, where it would belong."""
        return self.document.position((*self.path, *path))

    def __iter__(self) -> Iterator[ValuePath]:
        """Yield every path below this part, the part itself first."""
        value = self.document.value
        for key in self.path:
            value = value[key]
        return _paths(value, ())

    def __len__(self) -> int:
        """Count the values below this part."""
        return sum(1 for _ in self)


def _paths(value: Any, path: ValuePath) -> Iterator[ValuePath]:
    yield path
    children: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in children:
        yield from _paths(item, (*path, key))
