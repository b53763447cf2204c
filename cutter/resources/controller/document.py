"""One version of a governed document in a database: its text, byte for byte, and the grammar it is cut by.

As a step:

    - name: Reading room
      document: {source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cutter.cut import documents
from cutter.cut.lines import is_utf8
from cutter.cut.reading import reading, stored
from cutter.errors import Conflict, InvalidDocument
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change, State
from cutter.resource import Content, Desk, Resource, param


class Document(Resource):
    """A version of a document. The same text again is no change; another text needs a version of its own."""

    source: str = param("The text, relative to the runbook's folder: UTF-8.")
    grammar: str = param("How it is cut, relative to the runbook's folder.")
    version: int = param(
        "The number of the version.", default=1, minimum=1, maximum=documents.HIGHEST_VERSION
    )
    supersedes: int | None = param(
        "The version before, where there is one.", default=None, minimum=1, maximum=documents.HIGHEST_VERSION
    )
    document_ref: str = param("The document, as its grammar names it.", default="", internal=True)
    source_digest: str = param("The digest of the text.", default="", internal=True)
    grammar_digest: str = param("The digest of the grammar.", default="", internal=True)

    provable = True
    outputs: ClassVar[Mapping[str, str]] = {
        "document": "The document, as its grammar names it.",
        "version": "The number of the version.",
    }

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Read the text and the grammar. Raises InvalidDocument."""
        grammar = desk.grammar(params["grammar"])
        text = desk.read(params["source"])
        _refuse_unfit(text, params["source"])
        digest = bytes_digest(text)
        desk.send(text, digest)
        found = {"source_digest": digest, "grammar_digest": grammar.digest}
        return {**params, **found, "document_ref": grammar.document_ref}

    def desired(self) -> State | None:
        """Return the digests of the text and of the grammar, and the version before."""
        return {
            "source_digest": self.source_digest,
            "grammar_digest": self.grammar_digest,
            "supersedes": self.supersedes,
        }

    def observe(self) -> State | None:
        """Return what the version is, its text looked at afresh.

        Raises Conflict when it is there with another text or grammar, or with a text that was altered.
        """
        with reading(self.there.by_role) as connection:
            there = documents.stored(connection, self.document_ref, self.version)
        if there is None:
            return None
        if there.text_digest != there.source_digest:
            raise Conflict(
                f"the stored text of {documents.version_name(self.document_ref, self.version)} was altered: "
                "it is not what its digest says",
                remedy="restore it from a backup; a person must look",
            )
        if (there.source_digest, there.grammar_digest) != (self.source_digest, self.grammar_digest):
            raise Conflict(
                f"version {self.version} of {self.document_ref} is there with another text or grammar",
                remedy=f"give the changed document a version of its own and supersedes: {self.version}",
            )
        return {
            "source_digest": there.source_digest,
            "grammar_digest": there.grammar_digest,
            "supersedes": there.supersedes,
        }

    def apply(self, change: Change, content: Content) -> None:
        """Load the version, or take it back while nothing depends on it; its text is kept."""
        if change.after is None:
            self._keep(content)
        connection = self.there.by_role("cut")
        try:
            if change.after is None:
                documents.remove(connection, self.document_ref, self.version, self.there.run)
            else:
                documents.load(connection, self._version(change.after, content), self.there.run)
            connection.commit()
        finally:
            connection.close()

    def places(self) -> tuple[str, ...]:
        """Return the version."""
        return (documents.version_name(self.document_ref, self.version),)

    def inside(self) -> tuple[str, ...]:
        """Return the cut of the version, and the version that supersedes it, where they are there."""
        with reading(self.there.by_role) as connection:
            return documents.dependants(connection, self.document_ref, self.version)

    def results(self, state: State | None) -> dict[str, str]:
        """Return the document and its version."""
        return {"document": self.document_ref, "version": str(self.version)}

    def _version(self, after: State, content: Content) -> documents.Document:
        text = content.bytes_of(str(after["source_digest"]))
        before = after["supersedes"]
        return documents.Document(
            self.document_ref,
            self.version,
            text,
            str(after["grammar_digest"]),
            None if before is None else int(before),
        )

    def _keep(self, content: Content) -> None:
        with reading(self.there.by_role) as connection:
            there = stored(connection, self.document_ref, self.version)
        if there is not None and there.source is not None:
            content.keep(there.source.text, there.source.digest)


def _refuse_unfit(text: bytes, name: str) -> None:
    """Raise InvalidDocument for a text that the database cannot hold."""
    if not text:
        raise InvalidDocument(f"{name} is empty")
    if not is_utf8(text):
        raise InvalidDocument(f"{name} is not UTF-8")
    at = text.find(b"\0")
    if at >= 0:
        line = text.count(b"\n", 0, at) + 1
        raise InvalidDocument("a NUL character cannot be part of a document", place=f"{name}:{line}")
