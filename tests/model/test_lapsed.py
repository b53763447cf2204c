"""What was done beside the gaps and is no longer so is told; what never was, or is a gap's, is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from cutter.model.evidence import Outcome
from cutter.model.gaps import (
    Baseline,
    EvidenceRecord,
    GapDeclaration,
    GapMatrix,
    MatrixHeader,
    ObjectiveDeclaration,
    RunbookScope,
)
from cutter.model.lapsed import lapsed
from cutter.model.runbook import Position

PLACE = Position("m.yml", 1, 1)
NOTHING = Baseline("OPEN")
SCOPE = RunbookScope(
    "run",
    targets={"db": {"rehearsal": {"rehearsal": "v1:r"}, "cut": {"cut": "v1:c"}}},
    identities={"db": "one"},
)
FIRST = EvidenceRecord(
    1, datetime(2026, 1, 1, tzinfo=UTC), "r1", "here", "db", "one", "run", "cut", "v1:c", Outcome.CHANGED
)
GONE = replace(FIRST, seq=2, run="r2", outcome=Outcome.COMPENSATED)


def matrix(*steps: str) -> GapMatrix:
    objective = ObjectiveDeclaration("run.yml", steps or "all", proof=False, place=PLACE)
    texts = ("G", "t", "", "", "", "", "")
    declared = GapDeclaration(*texts, "yes", "", (), None, NOTHING, NOTHING, (objective,), PLACE)
    return GapMatrix(MatrixHeader("m", "d", "g", "s"), (declared,))


def found(*records: EvidenceRecord, declared: GapMatrix | None = None) -> list[tuple[str, str, str]]:
    seen = lapsed(declared or matrix("rehearsal"), {"run.yml": SCOPE}, records, "here")
    return [(each.runbook, each.step, each.record.run) for each in seen]


def test_what_was_taken_back_is_told() -> None:
    assert found(FIRST) == []
    assert found(FIRST, GONE) == [("run.yml", "cut", "r2")]
    assert found(GONE, FIRST) == [("run.yml", "cut", "r2")], (
        "the order of the records is that of their numbers"
    )


def test_what_is_there_again_is_not_told() -> None:
    assert found(FIRST, GONE, replace(FIRST, seq=3, outcome=Outcome.OK)) == []


def test_what_never_was_is_not_told() -> None:
    assert found(replace(GONE, outcome=Outcome.SKIPPED)) == []
    assert found(FIRST, replace(GONE, identity="another")) == []
    assert found(FIRST, replace(GONE, environment="elsewhere")) == []
    assert found(FIRST, replace(GONE, content_hash="v1:older")) == []
    assert found(FIRST, replace(GONE, outcome=Outcome.PROVED)) == []


def test_the_step_of_a_gap_is_told_by_the_gap() -> None:
    assert found(FIRST, GONE, declared=matrix("cut")) == []
    assert found(FIRST, GONE, declared=matrix()) == []
