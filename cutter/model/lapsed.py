"""What a runbook of the matrix did beside closing gaps, and what is no longer so: taken back, or drifted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cutter.model.evidence import Outcome
from cutter.model.gap_evidence import EvidenceRecord
from cutter.model.gap_values import GapMatrix, RunbookScope


@dataclass(frozen=True)
class Lapsed:
    """A step that no gap waits for, that was as declared, and no longer is; `runbook` is its file.

    `record` is the newest evidence.
    """

    runbook: str
    target: str
    step: str
    record: EvidenceRecord


def lapsed(
    matrix: GapMatrix, scopes: Mapping[str, RunbookScope], entries: Iterable[EvidenceRecord], environment: str
) -> tuple[Lapsed, ...]:
    """Return every such step, in the order of the files and of their steps."""
    history: dict[tuple[str, str, str], list[EvidenceRecord]] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if entry.environment == environment and entry.outcome is not Outcome.PROVED:
            history.setdefault((entry.runbook, entry.target, entry.content_hash), []).append(entry)
    return tuple(
        Lapsed(file, target, step, records[-1])
        for file, target, step, content_hash in _beside(matrix, scopes)
        for records in [
            scopes[file].of_now(target, history.get((scopes[file].runbook, target, content_hash), []))
        ]
        if records and _lapsed(records[-1]) and any(each.outcome.success for each in records)
    )


def _lapsed(newest: EvidenceRecord) -> bool:
    """Tell whether a step is not as declared where it is for the target at all."""
    return not newest.outcome.success and not newest.left_out


def _beside(matrix: GapMatrix, scopes: Mapping[str, RunbookScope]) -> Iterator[tuple[str, str, str, str]]:
    """Yield file, target, bound step and content hash of every step that no objective names."""
    named: dict[str, set[str]] = {}
    for objective in (objective for gap in matrix.gaps for objective in gap.objectives):
        named.setdefault(objective.runbook, set()).update(
            ["all"] if objective.steps == "all" else objective.steps
        )
    for file, scope in sorted(scopes.items()):
        for target, steps in sorted(scope.targets.items()):
            for declared, bound in steps.items():
                if not {"all", declared} & named.get(file, set()):
                    yield from ((file, target, step, content_hash) for step, content_hash in bound.items())
