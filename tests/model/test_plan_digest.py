"""The digest of a plan is that of its canonical body, however much of it is written once."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from cutter.model.canonical import digest
from cutter.model.look import Look, Prediction
from cutter.model.plan import Plan, PlannedStep, TargetPlan

WORDS = some.sampled_from(["", "a", "b"])
NONE_OR_WORD = some.none() | WORDS
STATES = [
    None,
    {},
    {"kind": "file"},
    {"kind": "file"},
    {"kind": "file", "mode": 1},
    {"kind": "file", "mode": True},
]
"""Some are equal and not the same, and two are equal but not alike."""
LOOKS = some.builds(
    Look,
    WORDS,
    some.sampled_from(Prediction),
    some.sampled_from(STATES),
    some.sampled_from(STATES),
    reason=WORDS,
    exit_code=some.sampled_from([10, 69]),
)
STEPS = some.builds(
    PlannedStep, WORDS, WORDS, WORDS, WORDS, LOOKS, NONE_OR_WORD, NONE_OR_WORD, some.sampled_from([0, 1, 60])
)
TUPLES = some.lists(STEPS, max_size=4).map(tuple)
TARGETS = some.builds(TargetPlan, WORDS, WORDS, TUPLES, TUPLES)


@given(some.lists(TARGETS, max_size=3).map(tuple))
def test_it_is_that_of_the_body(targets: Any) -> None:
    plan = Plan("environment", "runbook", "v1:0", targets)
    assert plan.digest == digest("plan", plan.body())


@given(STEPS, some.sampled_from(PlannedStep._fields[:4] + PlannedStep._fields[5:]))
def test_a_step_that_differs_is_not_taken_for_another(step: PlannedStep, name: str) -> None:
    changed: Any = {name: 7 if name == "confirm" else "other"}
    other = step._replace(**changed)
    plan = Plan("environment", "runbook", "v1:0", (TargetPlan("a", "", (), (step, other, step)),))
    assert plan.digest == digest("plan", plan.body())
