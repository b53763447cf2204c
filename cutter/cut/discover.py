"""Where the genuine text of a document comes from: from memory, or from a file. `live` reads the database."""

from __future__ import annotations

from typing import Protocol

from cutter.cut.cutplan import Marks
from cutter.cut.grammar import Grammar
from cutter.cut.marking import Marking
from cutter.cut.rows import Source
from cutter.cut.tally import Expected
from cutter.errors import InvalidDocument
from cutter.model.canonical import bytes_digest

MAX_BYTES = 2**30


class Discoverer(Protocol):
    """Finds the units of one version of one document."""

    def discover(self, grammar: Grammar, expect: Expected = ()) -> Marks:
        """Return the units, to be read once; `expect` stands for the grammar's own counts."""


class InMemory:
    """A text that is already here; texts are taken as their UTF-8."""

    def __init__(self, document_ref: str, text: bytes | str, version: int = 1, *, name: str = "") -> None:
        """Take the document's name, its text, its version, and what messages call it."""
        content = text.encode() if isinstance(text, str) else text
        self.source = Source(document_ref, version, content, bytes_digest(content), name or document_ref)

    def discover(self, grammar: Grammar, expect: Expected = ()) -> Marking:
        """Return the units of the text."""
        return Marking(self.source, grammar, expect)


class FromFile(InMemory):
    """A text in a file, read when the discoverer is made."""

    def __init__(self, document_ref: str, path: str, version: int = 1) -> None:
        """Read the file. Raises InvalidDocument when it cannot be read."""
        super().__init__(document_ref, _content(path), version, name=path)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InvalidDocument(f"cannot read {path}: {reason.lower()}", place=path) from None
    if len(content) > MAX_BYTES:
        raise InvalidDocument(f"{path} is larger than {MAX_BYTES // 2**20} MiB", place=path)
    return content
