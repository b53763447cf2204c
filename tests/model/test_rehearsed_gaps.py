"""A proof rehearses a gap: that shows within PARTIAL while nothing speaks against it, and closes none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from gap_cases import NOW, gap, matrix, objective, record, scope

from cutter.model.gaps import GapDeclaration, GapState, GapStatus, RunbookScope, declaration_digest, fold
from cutter.report import gap_words
from cutter.report.gap_detail import gap_text

TWO = {"a.yml": scope("one", "two")}
WHOLE = gap("G", objective())
DAY = 24 * 3600
TODAY, YESTERDAY = "rehearsed on 2026-06-01, not done", "rehearsed on 2026-05-31, not done"
Records = Sequence[tuple[str, str, Mapping[str, Any]]]


def judged(records: Records, declared: GapDeclaration = WHOLE, scopes: Any = TWO) -> GapStatus:
    found = [record(seq, step, outcome, **said) for seq, (step, outcome, said) in enumerate(records, start=1)]
    return fold(matrix(declared), scopes, found, "proof", NOW).gaps[0]


def proved(step: str, **said: Any) -> tuple[str, str, Mapping[str, Any]]:
    return (step, "proved", said)


BOTH = [proved("one"), proved("two")]
CASES: list[tuple[str, Records, GapState, str]] = [
    ("both", BOTH, GapState.PARTIAL, TODAY),
    ("one of two", [proved("one")], GapState.PARTIAL, "partly rehearsed"),
    ("the rest is done", [proved("one"), ("two", "ok", {})], GapState.PARTIAL, TODAY),
    ("all since the later day", [proved("one", age=DAY), proved("two")], GapState.PARTIAL, TODAY),
    ("both the day before", [proved("one", age=DAY), proved("two", age=DAY)], GapState.PARTIAL, YESTERDAY),
    ("the newest proof counts", [proved("one", age=DAY), *BOTH], GapState.PARTIAL, TODAY),
    ("a look between", [*BOTH, ("one", "drifted", {})], GapState.PARTIAL, TODAY),
    ("blocked later", [*BOTH, ("one", "blocked", {})], GapState.PARTIAL, TODAY),
    ("skipped later", [*BOTH, ("one", "skipped", {})], GapState.PARTIAL, TODAY),
    ("killed later", [*BOTH, ("one", "unknown", {})], GapState.PARTIAL, TODAY),
    ("taken back later", [*BOTH, ("one", "compensated", {})], GapState.PARTIAL, TODAY),
    ("breached later", [proved("one"), ("one", "breached", {})], GapState.OPEN, ""),
    ("unprovable later", [proved("one"), ("one", "unprovable", {})], GapState.OPEN, ""),
    ("failed later", [proved("one"), ("one", "failed", {})], GapState.OPEN, ""),
    ("failed, then proved", [("one", "failed", {}), *BOTH], GapState.PARTIAL, TODAY),
    ("another version of it", [proved("one", version="v0"), proved("two", version="v0")], GapState.OPEN, ""),
    ("another target", [proved("one", target="there")], GapState.OPEN, ""),
    ("another environment", [proved("one", environment="sandbox")], GapState.OPEN, ""),
    ("another runbook", [proved("one", runbook="b")], GapState.OPEN, ""),
    ("done later", [*BOTH, ("one", "changed", {}), ("two", "ok", {})], GapState.CLOSED, ""),
    ("done before", [("one", "ok", {}), ("two", "ok", {}), *BOTH], GapState.CLOSED, ""),
    ("one done later", [*BOTH, ("one", "changed", {})], GapState.PARTIAL, TODAY),
]


@pytest.mark.parametrize(
    ("records", "state", "said"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_what_a_proof_makes_of_a_gap(records: Records, state: GapState, said: str) -> None:
    status = judged(records)
    assert (status.status, gap_words.rehearsed(status)) == (state, said)
    assert gap_words.now(status) == (f"{state.value} ({said})" if said else state.value)


def test_no_number_of_proofs_closes_a_gap() -> None:
    assert judged(BOTH * 50).status is GapState.PARTIAL


def test_a_proof_that_is_too_old_no_longer_stands() -> None:
    aged = gap("G", objective(), max_age_seconds=DAY)
    assert judged([proved("one", age=2 * DAY), proved("two", age=2 * DAY)], aged).status is GapState.OPEN
    assert gap_words.rehearsed(judged(BOTH, aged)) == TODAY


def test_a_proof_of_another_declaration_does_not_stand() -> None:
    now = {"declarations": {"G": declaration_digest(WHOLE)}}
    assert judged([proved("one", **now), proved("two", **now)]).rehearsed_on
    other = {"declarations": {"G": declaration_digest(gap("G", objective(steps=("one",))))}}
    assert judged([proved("one", **other), proved("two", **other)]).status is GapState.OPEN


def test_a_proof_of_another_database_does_not_stand() -> None:
    elsewhere = {"a.yml": RunbookScope("a", targets=TWO["a.yml"].targets, identities={"here": "another"})}
    status = judged(BOTH, scopes=elsewhere)
    assert (status.status, gap_words.rehearsed(status)) == (GapState.OPEN, "")


def test_a_runbook_that_is_missing_keeps_a_gap_from_being_rehearsed_as_a_whole() -> None:
    status = judged(BOTH, gap("G", objective(), objective("f4.yml")))
    assert (status.rehearsed_on, gap_words.rehearsed(status)) == (None, "partly rehearsed")


def test_a_gap_that_was_closed_is_reopened_and_rehearsed() -> None:
    status = judged([("one", "ok", {}), ("two", "ok", {}), ("two", "drifted", {}), proved("two")])
    assert gap_words.now(status) == f"PARTIAL (reopened; {TODAY})"


def test_the_detail_names_the_proof_beside_the_newest_evidence() -> None:
    told = gap_text(
        judged([*BOTH, ("one", "drifted", {"keys": ("mode",), "reason": "differs"})]), colour=False
    )
    assert f"  now: PARTIAL ({TODAY})" in told
    assert "drifted (mode): differs" in told
    assert f"{TODAY} (entry 1, run r1)" in told
