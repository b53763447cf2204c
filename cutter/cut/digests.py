"""The root hash over the rows of a cut, computed exactly as the database computes it over what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cutter.cut.planned_rows import PlannedRows
from cutter.cut.rows import CutplanRow


def writer_digest(rows: Iterable[CutplanRow]) -> str:
    """Return ``sha256:<64 hex>`` over all that a cut writes of these rows, in the order of their ordinals.

    Bodies enter by their hash. Source spans are no part of it: they are not stored.
    """
    hashed, between = hashlib.sha256(b"cutter.writer.v1\n"), b""
    for row in _in_order(rows):
        hashed.update(between + _unit_digest(row))
        between = b"\n"
    return f"sha256:{hashed.hexdigest()}"


def _in_order(rows: Iterable[CutplanRow]) -> Iterable[CutplanRow]:
    """Return the rows by ordinal; those of a plan are, and stay small only while nobody lists them."""
    if isinstance(rows, PlannedRows):
        return rows
    return sorted(rows, key=lambda row: (row.ordinal, row.unit_ref))


def _unit_digest(row: CutplanRow) -> bytes:
    fields = (
        *(str(row.ordinal), row.unit_ref, row.unit_kind, row.section_type, row.title),
        *(row.owner_ref, row.parent_ref, row.body_hash),
    )
    return hashlib.sha256("".join(map(_field, fields)).encode()).hexdigest().encode("ascii")


def _field(content: str | None) -> str:
    """Return the content after its length in bytes, so that no two rows are written alike."""
    if content is None:
        return "-"
    return f"{len(content) if content.isascii() else len(content.encode())}:{content}"
