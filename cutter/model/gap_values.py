"""Gaps as declared, what closing them is judged by (steps and evidence), and what the judgement says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Literal, Optional, Union

from cutter.model.canonical import digest
from cutter.model.gap_evidence import EvidenceRecord
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
    or one per item of a loop. `left_out` maps targets to the declared steps that are for other hosts by name,
    and why. `identities` names the targets whose identity is known; evidence that another identity gave does
    not count, what was seen while nobody could tell it does.
    """

    runbook: str
    exists: bool = True
    problem: str = ""
    targets: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of_now(self, target: str, records: Iterable[EvidenceRecord]) -> list[EvidenceRecord]:
        """Return the records of the target as it is identified now, and those of nobody who could tell."""
        identity = self.identities.get(target)
        return [record for record in records if identity is None or record.identity in (identity, "")]


class GapState(str, Enum):
    """How far a gap is closed; the order of the words is the order of progress."""

    OPEN = "OPEN"
    PARTIAL = "PARTIAL"
    CLOSED = "CLOSED"


@dataclass(frozen=True)
class StepStatus:
    """One step on one target: whether its newest evidence holds, that evidence, and why it does not hold.

    `rehearsal` is the newest proof that stands, which closes nothing unless the proof is the objective. Of a
    step that is `left_out`, because it is not for the target, the reason says so.
    """

    target: str
    step: str
    holds: bool
    rehearsal: Optional[EvidenceRecord]
    reason: str
    record: Optional[EvidenceRecord]
    left_out: bool = False

    @property
    def rehearsed(self) -> bool:
        """Tell whether it was proved and is not done."""
        return self.rehearsal is not None and not self.holds


@dataclass(frozen=True)
class ObjectiveStatus:
    """One objective: its steps, and in `obstacle` what keeps it from ever holding, whatever the evidence.

    `runbook` is the name of its runbook, empty where that cannot be loaded. `left_out` are steps that are not
    for a target, as the newest run that looked there found: they neither hold nor are missing.
    """

    declaration: ObjectiveDeclaration
    steps: tuple[StepStatus, ...]
    obstacle: str
    runbook: str = ""
    left_out: tuple[StepStatus, ...] = ()

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
