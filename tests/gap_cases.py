"""Short ways to say a matrix, a scope and a record of evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cutter.model.evidence import Outcome
from cutter.model.gaps import (
    Baseline,
    EvidenceRecord,
    GapDeclaration,
    GapMatrix,
    MatrixHeader,
    ObjectiveDeclaration,
    RunbookScope,
    Steps,
)
from cutter.model.runbook import Position

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PLACE = Position("gap-matrix.yml", 1, 1)
HEADER = MatrixHeader("a macro", "2026-05-21", "G8", "a report")


def objective(runbook: str = "a.yml", steps: Steps = "all", *, proof: bool = False) -> ObjectiveDeclaration:
    return ObjectiveDeclaration(runbook, steps, proof, PLACE)


def gap(name: str, *objectives: ObjectiveDeclaration, **said: Any) -> GapDeclaration:
    words: dict[str, Any] = {
        **dict.fromkeys(("finding", "done", "residue", "venue", "next_package"), ""),
        "title": f"title of {name}",
        "blocks": "yes",
        "reason": "because",
        "requires": (),
        "max_age_seconds": None,
        "pre": Baseline("OPEN"),
        "post": Baseline("OPEN", "", "2026-05-21"),
        **said,
    }
    return GapDeclaration(id=name, objectives=objectives, place=PLACE, **words)


def matrix(*gaps: GapDeclaration) -> GapMatrix:
    return GapMatrix(HEADER, gaps)


def scope(
    *steps: str, targets: tuple[str, ...] = ("here",), version: str = "v1", name: str = "a"
) -> RunbookScope:
    """Return a runbook with plain steps; `step[item]` makes a loop of `step`, and `step[]` an empty one."""
    declared: dict[str, dict[str, str]] = {}
    for step in steps:
        own, loop, item = step.partition("[")
        declared.setdefault(own, {})
        if not loop or item != "]":
            declared[own][step] = f"{version}:{step}"
    return RunbookScope(name, targets=dict.fromkeys(targets, declared))


def record(seq: int, step: str, outcome: str = "ok", **said: Any) -> EvidenceRecord:
    version = said.pop("version", "v1")
    age = timedelta(seconds=said.pop("age", 0))
    words: dict[str, Any] = {
        "run": f"r{seq}",
        "environment": "proof",
        "target": "here",
        "identity": "machine",
        "runbook": "a",
        "content_hash": f"{version}:{step}",
        "at": NOW - age,
        **said,
    }
    return EvidenceRecord(seq=seq, step=step, outcome=Outcome(outcome), **words)
