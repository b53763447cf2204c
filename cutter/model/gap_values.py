"""Gaps as declared, what closing them is judged by (steps and evidence), and what the judgement says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, Union

from cutter.model.canonical import digest
from cutter.model.evidence import Outcome
from cutter.model.runbook import Position

if TYPE_CHECKING:
    from cutter.model.lapsed import Lapsed

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

    `proof` says that the proof itself is the objective (its steps are rehearsals): `proved` is then success.
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
    `targets` maps each target to its declared steps, and each of those to the content hash per bound id: one,
    or one per item of a loop. `identities` names the targets whose identity is known; evidence that another
    identity gave does not count.
    """

    runbook: str
    exists: bool = True
    problem: str = ""
    targets: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EvidenceRecord:
    """What an entry of the ledger says about one step on one target. `seq` orders records, `at` ages them.

    `declarations` maps each gap to the digest of how it was declared when the run began; None: not asked.
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


class GapState(str, Enum):
    """How far a gap is closed; the order of the words is the order of progress."""

    OPEN = "OPEN"
    PARTIAL = "PARTIAL"
    CLOSED = "CLOSED"


@dataclass(frozen=True)
class StepStatus:
    """One step on one target: whether its newest evidence holds, that evidence, and why it does not hold.

    `rehearsal` is the newest proof that stands, which closes nothing unless the proof is the objective.
    """

    target: str
    step: str
    holds: bool
    rehearsal: Optional[EvidenceRecord]
    reason: str
    record: Optional[EvidenceRecord]

    @property
    def rehearsed(self) -> bool:
        """Tell whether it was proved and is not done."""
        return self.rehearsal is not None and not self.holds


@dataclass(frozen=True)
class ObjectiveStatus:
    """One objective: its steps, and in `obstacle` what keeps it from ever holding, whatever the evidence.

    `runbook` is the name of its runbook, empty where that cannot be loaded.
    """

    declaration: ObjectiveDeclaration
    steps: tuple[StepStatus, ...]
    obstacle: str
    runbook: str = ""

    @property
    def holds(self) -> bool:
        """Every step holds, and there is at least one."""
        return bool(self.steps) and not self.obstacle and all(step.holds for step in self.steps)

    @property
    def begun(self) -> bool:
        """Some step holds, or was rehearsed."""
        return any(step.holds or step.rehearsed for step in self.steps)

    @property
    def missing(self) -> tuple[StepStatus, ...]:
        """The steps that do not hold."""
        return tuple(step for step in self.steps if not step.holds)


@dataclass(frozen=True)
class GapStatus:
    """One gap, judged. `reopened`: all its objectives held at one time, and no longer do.

    `next_action` says in words what is missing first, and `command` is the line to type, where one exists.
    """

    declaration: GapDeclaration
    status: GapState
    reopened: bool
    objectives: tuple[ObjectiveStatus, ...]
    next_action: str = ""
    command: str = ""

    @property
    def missing(self) -> tuple[StepStatus, ...]:
        """The steps that do not hold, of all objectives."""
        return tuple(step for objective in self.objectives for step in objective.missing)

    @property
    def rehearsed_on(self) -> Optional[date]:
        """The day since which all that is missing stands rehearsed; None where some of it does not."""
        days = [step.rehearsal.at.date() for step in self.missing if step.rehearsal]
        complete = self.objectives and not any(objective.obstacle for objective in self.objectives)
        return max(days) if days and complete and len(days) == len(self.missing) else None


@dataclass(frozen=True)
class MatrixStatus:
    """The whole matrix in one environment, at one time.

    `as_recorded` names databases that could not be asked who they are now: their evidence is judged by the
    identity that the newest of it has. `lapsed` are steps beside the gaps that are no longer as they were.
    """

    matrix: GapMatrix
    environment: str
    at: datetime
    gaps: tuple[GapStatus, ...]
    as_recorded: tuple[str, ...] = ()
    lapsed: tuple[Lapsed, ...] = ()

    @property
    def blocking(self) -> tuple[GapStatus, ...]:
        """The gaps that block the first production run."""
        return tuple(
            gap for gap in self.gaps if gap.declaration.blocks == "yes" and gap.status is not GapState.CLOSED
        )


def declaration_digest(gap: GapDeclaration) -> str:
    """Return the digest of what closes a gap: its objectives and for how long evidence counts."""
    objectives = [
        [
            declared.runbook,
            declared.steps if declared.steps == "all" else list(declared.steps),
            declared.proof,
        ]
        for declared in gap.objectives
    ]
    return digest("gap", {"objectives": objectives, "max_age_seconds": gap.max_age_seconds})


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


def moment(at: str) -> datetime:
    """Return the time that an RFC 3339 text in UTC names, as ledger entries write it."""
    return datetime.fromisoformat(at.replace("Z", "+00:00"))


def _outcome(value: object) -> Outcome:
    try:
        return Outcome(value)
    except ValueError:
        return Outcome.UNKNOWN
