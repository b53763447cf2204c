"""Gaps as declared, and what closing them is judged by: the runbooks' steps and the evidence gathered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Optional, Union

from cutter.model.evidence import Outcome
from cutter.model.runbook import Position

Steps = Union[tuple[str, ...], Literal["all"]]
Blocks = Literal["yes", "recommended", "no"]


@dataclass(frozen=True)
class Baseline:
    """A status that was attested at some date, with its note; nothing is computed from it."""

    status: str
    note: str = ""
    as_of: str = ""


@dataclass(frozen=True)
class ObjectiveDeclaration:
    """What a gap needs: steps of one runbook, named by its file relative to the runbooks' folder.

    `proof` says that the proof itself is the objective (its steps are rehearsals), so that `proved` is success.
    """

    runbook: str
    steps: Steps
    proof: bool
    place: Position


@dataclass(frozen=True)
class GapDeclaration:
    """One row of the matrix, in the words of those who found it. `requires` are ids of other gaps.

    `max_age_seconds` is how long evidence counts; None: for ever.
    """

    id: str
    title: str
    finding: str
    done: str
    residue: str
    venue: str
    next_package: str
    blocks: Blocks
    reason: str
    requires: tuple[str, ...]
    max_age_seconds: Optional[int]
    pre: Baseline
    post: Baseline
    objectives: tuple[ObjectiveDeclaration, ...]
    place: Position


@dataclass(frozen=True)
class MatrixHeader:
    """Which document the matrix carries on: its macro, its date, the gate it covered and where it stands."""

    macro: str
    date: str
    gate: str
    source: str


@dataclass(frozen=True)
class GapMatrix:
    """The declared matrix: a header and its gaps, in the order of the file."""

    header: MatrixHeader
    gaps: tuple[GapDeclaration, ...]


@dataclass(frozen=True)
class RunbookScope:
    """What a runbook covers now, or why that cannot be said.

    `exists` is False for a file that is not in the tree, `problem` says why an existing one cannot be loaded.
    `targets` maps each target to its declared steps, and each of those to the content hash per bound id: one, or
    one per item of a loop. `identities` names the targets whose identity is known; evidence that another identity
    gave does not count.
    """

    runbook: str
    exists: bool = True
    problem: str = ""
    targets: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EvidenceRecord:
    """What an entry of the ledger says about one step on one target. `seq` orders records, `at` ages them."""

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


def evidence_record(seq: int, at: str, body: Mapping[str, Any]) -> EvidenceRecord:
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
    )


def moment(at: str) -> datetime:
    """Return the time that an RFC 3339 text in UTC names, as ledger entries write it."""
    return datetime.fromisoformat(at.replace("Z", "+00:00"))


def _outcome(value: object) -> Outcome:
    try:
        return Outcome(value)
    except ValueError:
        return Outcome.UNKNOWN
