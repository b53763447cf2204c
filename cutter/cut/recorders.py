"""What a cut leaves behind as proof: a governance record of what was written, and the verdict of a manifest.

Nothing here is pinned to one document: the run says how many units there must be, of which section types.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from cutter.cut.roles import Connection, acting_as, one
from cutter.cut.rows import CutplanRow
from cutter.cut.verification import Manifest, verified_against
from cutter.errors import StepFailed
from cutter.named_tuple import NamedTuple


class RunContext(NamedTuple):
    """What a run knows before it cuts: its id, how many units it expects, how many of each section type."""

    run: str
    expected_count: int
    expected_section_types: Mapping[str, int]


class CutLeg(NamedTuple):
    """What leg A did: `status` is created or exists, and the units are counted likewise.

    `writer_digest` is the root hash over the rows as planned.
    """

    cut_id: int
    document_id: int
    status: str
    created: int
    exists: int
    writer_digest: str


class VerifyLeg(NamedTuple):
    """What verify found: bodies whose hash matched the manifest, the root hash, the number of its record."""

    body_hash_match_count: int
    writer_digest: str
    record: int


class LegBRecorder:
    """Records a cut, if the database counts in it what the run expects."""

    def __init__(self, context: RunContext) -> None:
        """Take N and the section types from the run."""
        self.context = context

    def record(self, connection: Connection, leg: CutLeg) -> int:
        """Return the number of the governance record."""
        context = self.context
        section_types = json.dumps(dict(context.expected_section_types))
        (seq,) = one(
            connection,
            *("legs", "record", leg.cut_id, context.expected_count, section_types, context.run),
        )
        return int(seq)


class VerifyRecorder:
    """Compares every unit with a manifest of what was planned, inside PostgreSQL, and records that."""

    def __init__(self, context: RunContext) -> None:
        """Take N from the run."""
        self.context = context

    def record(self, connection: Connection, leg: CutLeg, rows: Iterable[CutplanRow]) -> VerifyLeg:
        """Return the verdict. Raises StepFailed naming the units that are missing, altered or too many."""
        manifest = verified_against(connection, leg.document_id, rows)
        self._must_hold(manifest)
        (seq,) = one(
            connection,
            *("legs", "verified", leg.cut_id, manifest.body_hash_match_count, leg.writer_digest),
            self.context.run,
        )
        return VerifyLeg(manifest.body_hash_match_count, leg.writer_digest, int(seq))

    def _must_hold(self, manifest: Manifest) -> None:
        if manifest.findings:
            raise StepFailed(
                f"{manifest.finding_count} units are not as planned: " + "; ".join(manifest.findings),
                place="write_verify",
                remedy="a person must look at the units named",
            )
        if manifest.body_hash_match_count != self.context.expected_count:
            raise StepFailed(
                f"{manifest.body_hash_match_count} bodies match, expected were {self.context.expected_count}",
                place="write_verify",
            )


def governance_writer(context: RunContext) -> Callable[[Connection, CutLeg], int]:
    """Return what records a cut as the governance role; it gives the number of the record."""
    recorder = LegBRecorder(context)

    def write(connection: Connection, leg: CutLeg) -> int:
        with acting_as(connection, "governance"):
            return recorder.record(connection, leg)

    return write


def verify_writer(context: RunContext) -> Callable[[Connection, CutLeg, Iterable[CutplanRow]], VerifyLeg]:
    """Return what verifies a cut as the verify role and records the verdict."""
    recorder = VerifyRecorder(context)

    def write(connection: Connection, leg: CutLeg, rows: Iterable[CutplanRow]) -> VerifyLeg:
        with acting_as(connection, "verify"):
            return recorder.record(connection, leg, rows)

    return write


def context_of(run: str, rows: Iterable[CutplanRow]) -> RunContext:
    """Return the context of a run that expects exactly these rows."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.section_type] = counts.get(row.section_type, 0) + 1
    return RunContext(run, sum(counts.values()), counts)
