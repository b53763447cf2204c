"""Which gaps are closed: a pure fold over evidence, never stored. Nothing else closes a gap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Optional

from cutter.model.evidence import Outcome
from cutter.model.gap_actions import NextActions
from cutter.model.gap_evidence import EvidenceRecord, evidence_record
from cutter.model.gap_scopes import bound_steps, family, left_out_steps, obstacle
from cutter.model.gap_values import (
    Baseline,
    Blocks,
    GapDeclaration,
    GapMatrix,
    GapState,
    GapStatus,
    MatrixHeader,
    MatrixStatus,
    ObjectiveDeclaration,
    ObjectiveStatus,
    RunbookScope,
    Steps,
    StepStatus,
    declaration_digest,
)

__all__ = [
    "Baseline",
    "Blocks",
    "EvidenceRecord",
    "GapDeclaration",
    "GapMatrix",
    "GapState",
    "GapStatus",
    "MatrixHeader",
    "MatrixStatus",
    "ObjectiveDeclaration",
    "ObjectiveStatus",
    "RunbookScope",
    "StepStatus",
    "Steps",
    "declaration_digest",
    "evidence_record",
    "fold",
]

TOUCHING = frozenset(
    {Outcome.OK, Outcome.CHANGED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.COMPENSATED, Outcome.BREACHED}
)
"""Outcomes that tell what the thing is like now; of another version of a step, they outdate what was."""

_VERDICTS = frozenset({Outcome.PROVED, Outcome.UNPROVABLE, Outcome.BREACHED, Outcome.FAILED})
"""Outcomes that say whether a step can be done; after a proof, all but the first speak against it."""

_Place = tuple[str, str, str]
_History = Mapping[_Place, Sequence[EvidenceRecord]]
"""Records by runbook, target and step; and again by runbook, target and content hash, so that a step that was
renamed keeps its evidence. Where steps are for other hosts, also by family: a step with all its items."""


def fold(
    matrix: GapMatrix,
    scopes: Mapping[str, RunbookScope],
    entries: Iterable[EvidenceRecord],
    environment: str,
    now: datetime,
    *,
    command: str = "cutter apply",
    folder: str = "runbooks",
) -> MatrixStatus:
    """Judge every gap by the evidence of one environment.

    `scopes` maps a runbook's file name to all that it covers in this environment: no `--limit`, no `-e`. The
    order of `entries` does not matter, only their `seq`. `command` and `folder` are what an operator types
    before the name of a runbook's file.
    """
    families = any(scope.left_out for scope in scopes.values())
    history = _by_place((entry for entry in entries if entry.environment == environment), families=families)
    judged = {gap.id: _gap(gap, scopes, history, now) for gap in matrix.gaps}
    nexts = NextActions(judged, command, folder)
    gaps = tuple(nexts.added_to(judged[gap.id]) for gap in matrix.gaps)
    return MatrixStatus(matrix, environment, now, gaps)


def _by_place(entries: Iterable[EvidenceRecord], *, families: bool) -> dict[_Place, list[EvidenceRecord]]:
    found: dict[_Place, list[EvidenceRecord]] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq):
        for name in (entry.step, entry.content_hash, *([family(entry.step)] if families else [])):
            found.setdefault((entry.runbook, entry.target, name), []).append(entry)
    return found


def _gap(
    gap: GapDeclaration, scopes: Mapping[str, RunbookScope], history: _History, now: datetime
) -> GapStatus:
    judge = _Judge(gap, scopes, history, now)
    objectives = tuple(judge.objective(declared) for declared in gap.objectives)
    if objectives and all(objective.holds for objective in objectives):
        state = GapState.CLOSED
    else:
        state = GapState.PARTIAL if any(objective.begun for objective in objectives) else GapState.OPEN
    reopened = state is not GapState.CLOSED and judge.once_closed(objectives)
    return GapStatus(gap, state, reopened, objectives)


class _Judge:
    """Judges objectives by evidence, and remembers for each step when it held."""

    def __init__(
        self, gap: GapDeclaration, scopes: Mapping[str, RunbookScope], history: _History, now: datetime
    ) -> None:
        self._gap = gap
        self._declared = declaration_digest(gap)
        self._scopes = scopes
        self._history = history
        self._now = now
        self._max_age = gap.max_age_seconds
        self._turns: dict[tuple[_Place, bool], list[tuple[int, bool]]] = {}

    def objective(self, declared: ObjectiveDeclaration) -> ObjectiveStatus:
        scope = self._scopes.get(declared.runbook, RunbookScope("", exists=False))
        bound = bound_steps(declared, scope)
        found = [self._step(declared, scope, target, step, hash_) for target, step, hash_ in bound]
        found += [self._elsewhere(scope, target, step) for target, step in left_out_steps(declared, scope)]
        left_out = tuple(status for status in found if status.left_out)
        steps = tuple(status for status in found if not status.left_out)
        said = obstacle(declared, scope, {status.step for status in steps})
        return ObjectiveStatus(declared, steps, said, scope.runbook, left_out)

    def once_closed(self, objectives: Sequence[ObjectiveStatus]) -> bool:
        """Tell whether every step of every objective held at the same time, at some entry of the ledger."""
        if not objectives or not all(objective.steps and not objective.obstacle for objective in objectives):
            return False
        turns = sorted((seq, key, held) for key, turn in self._turns.items() for seq, held in turn)
        holding: set[tuple[_Place, bool]] = set()
        for _, key, held in turns:
            (holding.add if held else holding.discard)(key)
            if len(holding) == len(self._turns):
                return True
        return False

    def _step(
        self, declared: ObjectiveDeclaration, scope: RunbookScope, target: str, step: str, content_hash: str
    ) -> StepStatus:
        place = (scope.runbook, target, step)
        everything = self._everything(place, content_hash)
        records = scope.of_now(target, everything)
        telling = [record for record in records if _tells(record, content_hash, proof=declared.proof)]
        self._turns[place, declared.proof] = [
            (record.seq, self._counts(record) and _succeeds(record, content_hash, proof=declared.proof))
            for record in telling
        ]
        newest = telling[-1] if telling else None
        rehearsal = self._rehearsal(records, content_hash)
        if newest is None:
            reason = _silence(rehearsal, elsewhere=bool(everything) and not records)
        else:
            current = any(record.content_hash == content_hash for record in telling)
            reason = self._complaint(newest, content_hash, proof=declared.proof, current=current)
        if newest is not None and newest.left_out and not reason:
            return _not_for_it(target, step, newest.reason, newest)
        return StepStatus(target, step, not reason, rehearsal, reason, newest or _last(records))

    def _elsewhere(self, scope: RunbookScope, target: str, step: str) -> StepStatus:
        """Judge a step that is for other hosts by name: no longer for this one, it must not be left undone.

        What is known of it here has to be well, or a run has to have said since that it is not for this host.
        """
        newest: dict[str, EvidenceRecord] = {}
        for record in scope.of_now(target, self._history.get((scope.runbook, target, family(step)), ())):
            if record.left_out and self._counts(record):
                newest.clear()
            elif record.outcome is not Outcome.PROVED:
                newest[record.step] = record
        why = scope.left_out[target][step]
        for record in newest.values():
            if not record.outcome.success:
                reason = f"{why}, and was left here {_told(record)}"
                return StepStatus(
                    target, record.step, holds=False, rehearsal=None, reason=reason, record=record
                )
        return _not_for_it(target, step, why)

    def _rehearsal(self, records: Sequence[EvidenceRecord], content_hash: str) -> Optional[EvidenceRecord]:
        """Return the newest proof of this version, unless something later, or its age, speaks against it."""
        verdicts = [
            item for item in records if item.content_hash == content_hash and item.outcome in _VERDICTS
        ]
        newest = verdicts[-1] if verdicts and verdicts[-1].outcome is Outcome.PROVED else None
        stands = newest is not None and self._counts(newest) and not self._staleness(newest)
        return newest if stands else None

    def _complaint(self, newest: EvidenceRecord, content_hash: str, *, proof: bool, current: bool) -> str:
        if newest.content_hash != content_hash:
            which = "another version of the step, and newer" if current else "an older version of the step"
            return f"evidence is of {which}"
        if not _succeeds(newest, content_hash, proof=proof):
            return _told(newest)
        if not self._counts(newest):
            return "evidence was gathered when this gap was declared otherwise"
        return self._staleness(newest)

    def _everything(self, place: _Place, content_hash: str) -> Sequence[EvidenceRecord]:
        """Return the records of a step, under this name or another, in their order."""
        named = self._history.get(place, ())
        same = self._history.get((*place[:2], content_hash), ())
        if len(named) == len(same) and all(left is right for left, right in zip(named, same)):
            return named
        both = {record.seq: record for record in (*named, *same)}
        return [both[seq] for seq in sorted(both)]

    def _counts(self, record: EvidenceRecord) -> bool:
        """Tell whether a record was gathered under the declaration that the gap has now."""
        return record.declarations is None or record.declarations.get(self._gap.id) == self._declared

    def _staleness(self, record: EvidenceRecord) -> str:
        if self._max_age is None:
            return ""
        if record.at > self._now:
            return f"evidence is dated in the future: {record.at.isoformat()}"
        age = self._now - record.at
        limit = timedelta(seconds=self._max_age)
        return f"evidence has expired: it is older than {limit}" if age > limit else ""


def _not_for_it(target: str, step: str, why: str, record: Optional[EvidenceRecord] = None) -> StepStatus:
    return StepStatus(target, step, holds=True, rehearsal=None, reason=why, record=record, left_out=True)


def _tells(record: EvidenceRecord, content_hash: str, *, proof: bool) -> bool:
    """Tell whether a record says what the thing is like now, which a proof that was rolled back does not."""
    if record.content_hash != content_hash:
        return record.outcome in TOUCHING
    return proof or record.outcome is not Outcome.PROVED


def _succeeds(record: EvidenceRecord, content_hash: str, *, proof: bool) -> bool:
    proved = proof and record.outcome is Outcome.PROVED
    return record.content_hash == content_hash and (record.outcome.success or proved or record.left_out)


def _silence(rehearsal: Optional[EvidenceRecord], *, elsewhere: bool) -> str:
    if rehearsal is not None:
        return f"rehearsed on {rehearsal.at.date().isoformat()}, not done"
    return "evidence is of another machine or database" if elsewhere else "no evidence yet"


def _told(record: EvidenceRecord) -> str:
    keys = f" ({', '.join(record.keys)})" if record.keys else ""
    return f"{record.outcome.value}{keys}" + (f": {record.reason}" if record.reason else "")


def _last(records: Sequence[EvidenceRecord]) -> Optional[EvidenceRecord]:
    return records[-1] if records else None
