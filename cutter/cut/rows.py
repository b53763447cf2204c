"""The values of a cut: the text it begins with, the units found in it, and the rows they become.

Spans are half-open ranges of byte offsets into the source text as it is stored, byte order mark and line ends
included. A body is always the end of its span: ``source[span.end - len(body in UTF-8) : span.end]``.
"""

from __future__ import annotations

from cutter.named_tuple import NamedTuple


class Span(NamedTuple):
    """The bytes from `start` up to, not including, `end`."""

    start: int
    end: int


class Ignorable(NamedTuple):
    """Bytes that belong to no unit, and by which declaration: blank, comment, rule, front matter, ..."""

    start: int
    end: int
    why: str


class Source(NamedTuple):
    """One version of a document: its bytes, and the name that messages call it by.

    `digest` is ``sha256:<64 hex>`` of the bytes.
    """

    document_ref: str
    version: int
    text: bytes
    digest: str
    name: str


class MarkRow(NamedTuple):
    """A unit as it was found: what a cutplan row says, and its number as written and its line, from 1."""

    ordinal: int
    unit_kind: str
    section_type: str
    title: str
    body: str
    owner_ref: str
    parent_ref: str | None
    unit_ref: str
    span: Span
    body_hash: str
    number: str
    line: int


class CutplanRow(NamedTuple):
    """A unit as it will be cut.

    `ordinal` counts from 1 in the order of the document, `unit_ref` and `parent_ref` are eIds
    (``art_3__para_2``), `owner_ref` names the document, and `body_hash` is ``sha256:<64 hex>`` of the body in
    UTF-8.
    """

    ordinal: int
    unit_kind: str
    section_type: str
    title: str
    body: str
    owner_ref: str
    parent_ref: str | None
    unit_ref: str
    span: Span
    body_hash: str
