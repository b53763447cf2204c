"""What entries of the ledger say about steps: what came of them, or that they are not for a host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Optional

from cutter.model.evidence import Outcome


@dataclass(frozen=True)
class EvidenceRecord:
    """What an entry of the ledger says about one step on one target. `seq` orders records, `at` ages them.

    `declarations` maps each gap to the digest of how it was declared when the run began; None: not asked.
    `left_out`: a run found that the step is not for the target, and did nothing about it.
    """

    seq: int
    at: datetime
    run: str
    environment: str
    target: str
    identity: str
    runbook: str
    step: str
    content_hash: str
    outcome: Outcome
    reason: str = ""
    keys: tuple[str, ...] = ()
    declarations: Optional[Mapping[str, str]] = None
    left_out: bool = False


def evidence_record(
    seq: int, at: str, body: Mapping[str, Any], declarations: Optional[Mapping[str, str]] = None
) -> EvidenceRecord:
    """Return the record of an evidence entry; an outcome that nobody knows is `unknown`, never success."""
    return EvidenceRecord(
        seq=seq,
        at=moment(at),
        run=str(body.get("run", "")),
        environment=str(body.get("environment", "")),
        target=str(body.get("target", "")),
        identity=str(body.get("identity", "")),
        runbook=str(body.get("runbook", "")),
        step=str(body.get("step", "")),
        content_hash=str(body.get("content_hash", "")),
        outcome=_outcome(body.get("outcome")),
        reason=str(body.get("reason", "")),
        keys=tuple(body.get("keys", ())),
        declarations=declarations,
    )


def left_out_records(
    seq: int, at: str, body: Mapping[str, Any], declarations: Optional[Mapping[str, str]] = None
) -> Iterator[EvidenceRecord]:
    """Yield a record for each step that an entry says is not for a target."""
    for step in body["steps"]:
        told = {**body, **step, "outcome": Outcome.SKIPPED.value}
        yield replace(evidence_record(seq, at, told, declarations), left_out=True)


def moment(at: str) -> datetime:
    """Return the time that an RFC 3339 text in UTC names, as ledger entries write it."""
    return datetime.fromisoformat(at.replace("Z", "+00:00"))


def _outcome(value: object) -> Outcome:
    try:
        return Outcome(value)
    except ValueError:
        return Outcome.UNKNOWN
