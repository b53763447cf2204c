"""Verification by manifest: what was planned is sent to the database and joined there with what it holds.

A stored hash compared with its own row would show only that the row agrees with itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from cutter.cut.roles import Connection, one, rows
from cutter.cut.rows import CutplanRow
from cutter.cut.statements import statements
from cutter.named_tuple import NamedTuple

SHOWN = 10


class Manifest(NamedTuple):
    """What the join found: equal bodies, and what is missing, altered or too many (ten in words)."""

    body_hash_match_count: int
    finding_count: int
    findings: tuple[str, ...]


def verified_against(connection: Connection, document_id: int, planned: Iterable[CutplanRow]) -> Manifest:
    """Return how the units of a document version compare with the planned rows.

    Needs SELECT on the units and may make a temporary table, so not in a READ ONLY transaction.
    """
    known = statements("verification")
    connection.execute(known["manifest"])
    with connection.cursor().copy(known["fill"]) as copy:
        for row in planned:
            copy.write_row((
                *(row.ordinal, row.unit_ref, row.unit_kind, row.section_type, row.title),
                *(row.owner_ref, row.parent_ref, row.body_hash),
            ))  # fmt: skip
    connection.execute(known["compare"], (document_id,))
    matches, finding_count = one(connection, "verification", "counts")
    findings = rows(connection, "verification", "findings", SHOWN)
    connection.execute(known["drop"])
    return Manifest(matches, finding_count, tuple(finding for (finding,) in findings))
