"""What a governed database holds, as digests that survive dump and restore: the one way to compare two."""

from __future__ import annotations

from collections.abc import Mapping

from cutter.cut.complaints import complained
from cutter.cut.roles import Connection, one, rows

RECORD = "record"
"""The part that only grows: the governance record."""


def logical_state(connection: Connection) -> Mapping[str, str]:
    """Return a digest (``sha256:<64 hex>``) of each part: documents, units, cuts, lifecycle, record.

    Needs the reader's, the verifier's or the backup's rights. Raises LedgerError when the governance record
    does not hold.
    """
    with complained("logical state"):
        return dict(sorted(rows(connection, "logical", "state")))


def logical_digest(connection: Connection) -> str:
    """Return one digest of all parts. Raises as `logical_state`."""
    with complained("logical state"):
        return str(one(connection, "logical", "digest")[0])
