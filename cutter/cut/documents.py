"""Document versions in the database: loaded byte for byte, taken back only while nothing depends on them."""

from __future__ import annotations

from cutter.cut.complaints import complained
from cutter.cut.roles import Connection, acting_as, one, rows
from cutter.cut.statements import statements
from cutter.model.canonical import bytes_digest
from cutter.named_tuple import NamedTuple

HIGHEST_VERSION = 2**31 - 1
"""The highest number a version can have in the database."""
_PORTION = 2**20


class Document(NamedTuple):
    """One version to load. `text`, UTF-8, is stored as it is; `supersedes` is the version before, if any."""

    document_ref: str
    version: int
    text: bytes
    grammar_digest: str
    supersedes: int | None = None

    @property
    def source_digest(self) -> str:
        """Return ``sha256:<64 hex>`` of the text."""
        return bytes_digest(self.text)


class StoredDocument(NamedTuple):
    """What the database says of a version, its text left out; `text_digest` is of the text as it is now."""

    source_digest: str
    grammar_digest: str
    supersedes: int | None
    created_run: str
    text_digest: str


def version_name(document_ref: str, version: int) -> str:
    """Return what messages call a version."""
    return f"version {version} of {document_ref}"


def cut_name(document_ref: str, version: int) -> str:
    """Return what messages call the cut of a version."""
    return f"the cut of {version_name(document_ref, version)}"


def load(connection: Connection, document: Document, run: str) -> str:
    """Load a version: created, or exists when exactly it is there. Acts as the cut role; the caller commits.

    Raises Conflict for a changed text without `supersedes`, or with one that is not the newest version.
    """
    known = statements("documents")
    with complained(f"{document.document_ref} version {document.version}"), acting_as(connection, "cut"):
        _stage(connection, document.text)
        status, _ = one(
            connection,
            *("documents", "load", document.document_ref, document.version),
            *(document.source_digest, document.grammar_digest, document.supersedes, run),
        )
        connection.execute(known["drop"])
    return str(status)


def _stage(connection: Connection, text: bytes) -> None:
    """Send a text in portions: libpq would hold a whole one twice over."""
    known = statements("documents")
    connection.execute(known["stage"])
    connection.execute(known["plain"])
    for number, start in enumerate(range(0, len(text), _PORTION)):
        connection.execute(known["portion"], (number, text[start : start + _PORTION]))


def remove(connection: Connection, document_ref: str, version: int, run: str) -> None:
    """Take a version back, as the cut role; the caller commits.

    Raises StalePlan when it has a cut or a successor.
    """
    with complained(f"{document_ref} version {version}"), acting_as(connection, "cut"):
        one(connection, "documents", "remove", document_ref, version, run)


def stored(connection: Connection, document_ref: str, version: int) -> StoredDocument | None:
    """Return what is there of a version, None when nothing is. Needs the reader's rights."""
    with complained(f"{document_ref} version {version}"):
        found = rows(connection, "documents", "stored", document_ref, version)
    return StoredDocument(*found[0]) if found else None


def dependants(connection: Connection, document_ref: str, version: int) -> tuple[str, ...]:
    """Return what has to go before a version can: its cut, its successor. Needs the reader's rights."""
    name = version_name(document_ref, version)
    with complained(name):
        found = rows(connection, "documents", "dependants", document_ref, version)
    is_cut, successor = found[0] if found else (False, None)
    cut = (cut_name(document_ref, version),) if is_cut else ()
    return cut if successor is None else (*cut, version_name(document_ref, successor))
