"""The root hash over the rows of a cut, computed exactly as the database computes it over what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cutter.cut.rows import CutplanRow
from cutter.model.canonical import bytes_digest


def writer_digest(rows: Iterable[CutplanRow]) -> str:
    """Return ``sha256:<64 hex>`` over all that a cut writes of these rows, in the order of their ordinals.

    Bodies enter by their hash. Source spans are no part of it: they are not stored.
    """
    ordered = sorted((row.ordinal, row.unit_ref.encode(), _unit_digest(row)) for row in rows)
    lines = (found for _, _, found in ordered) if ordered else ("",)
    return bytes_digest("\n".join(("cutter.writer.v1", *lines)).encode())


def _unit_digest(row: CutplanRow) -> str:
    fields = (
        *(str(row.ordinal), row.unit_ref, row.unit_kind, row.section_type, row.title),
        *(row.owner_ref, row.parent_ref, row.body_hash),
    )
    return hashlib.sha256(b"".join(map(_field, fields))).hexdigest()


def _field(content: str | None) -> bytes:
    """Return the content after its length, so that no two rows are written alike."""
    if content is None:
        return b"-"
    encoded = content.encode()
    return b"%d:%b" % (len(encoded), encoded)
