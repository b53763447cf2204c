"""A gap closes by evidence alone: of every step, this version, on every target, here, fresh, not undone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from gap_cases import NOW, gap, matrix, objective, record, scope
from hypothesis import given
from hypothesis import strategies as st

from cutter.model.evidence import Outcome
from cutter.model.gaps import (
    EvidenceRecord,
    GapDeclaration,
    GapState,
    GapStatus,
    MatrixStatus,
    RunbookScope,
    evidence_record,
    fold,
)

TWO = {"a.yml": scope("one", "two")}
WHOLE = gap("G", objective())


def judged(
    declared: GapDeclaration, scopes: Mapping[str, RunbookScope], records: Sequence[EvidenceRecord]
) -> GapStatus:
    return fold(matrix(declared), scopes, records, "proof", NOW).gaps[0]


def reasons(status: GapStatus) -> list[str]:
    return [step.reason for objective in status.objectives for step in objective.steps]


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ((), GapState.OPEN),
        (("ok", None), GapState.PARTIAL),
        (("failed", None), GapState.OPEN),
        (("ok", "failed"), GapState.PARTIAL),
        (("ok", "changed"), GapState.CLOSED),
        (("proved", None), GapState.PARTIAL),
        (("proved", "proved"), GapState.PARTIAL),
        *((("ok", outcome.value), GapState.PARTIAL) for outcome in Outcome if not outcome.success),
    ],
)
def test_state_by_the_outcomes_of_two_steps(outcomes: Sequence[str | None], state: GapState) -> None:
    steps = zip(("one", "two"), outcomes, strict=False)
    records = [record(seq, step, outcome) for seq, (step, outcome) in enumerate(steps) if outcome]
    assert judged(WHOLE, TWO, records).status is state


@pytest.mark.parametrize("outcome", [outcome.value for outcome in Outcome if not outcome.success])
def test_a_newer_failure_reopens_and_a_newer_success_closes_again(outcome: str) -> None:
    records = [
        record(1, "one"),
        record(2, "two"),
        record(3, "one", outcome, keys=("mode",), reason="seen 0777"),
    ]
    status = judged(WHOLE, TWO, records)
    if outcome == "proved":  # what was rolled back says nothing of the world
        assert status.status is GapState.CLOSED
        return
    assert status.status is GapState.PARTIAL
    assert status.reopened
    assert reasons(status) == [f"{outcome} (mode): seen 0777", ""]
    assert "one on here: " in status.next_action
    assert "(mode)" in status.next_action
    assert judged(WHOLE, TWO, [*records, record(4, "one", "changed")]).status is GapState.CLOSED


def test_a_gap_that_never_was_closed_is_not_reopened() -> None:
    assert not judged(WHOLE, TWO, [record(1, "one"), record(2, "one", "drifted"), record(3, "two")]).reopened


# False closing


NEVER = {
    "no objective": (gap("G"), TWO),
    "an objective without a step": (gap("G", objective(steps=())), TWO),
    "an empty one beside one that holds": (gap("G", objective(), objective(steps=())), TWO),
    "an empty loop": (WHOLE, {"a.yml": scope("one", "two", "three[]")}),
    "an empty loop named": (gap("G", objective(steps=("one", "three"))), {"a.yml": scope("one", "three[]")}),
    "no target": (WHOLE, {"a.yml": scope("one", "two", targets=())}),
    "a target that was left out": (WHOLE, {"a.yml": scope("one", "two", targets=("here", "there"))}),
    "an emptied runbook": (WHOLE, {"a.yml": scope()}),
    "a step that the runbook does not have": (gap("G", objective(steps=("one", "gone"))), TWO),
    "a runbook that is not in the tree": (WHOLE, {"a.yml": RunbookScope("a", exists=False)}),
    "a runbook that nobody looked for": (WHOLE, {}),
    "a runbook that cannot be loaded": (WHOLE, {"a.yml": replace(TWO["a.yml"], problem="bad")}),
    "another version of the step": (WHOLE, {"a.yml": scope("one", "two", version="v2")}),
    "a loop with one more item": (WHOLE, {"a.yml": scope("one", "two[x]", "two[y]")}),
    "a step that came later": (WHOLE, {"a.yml": scope("one", "two", "three")}),
    "a runbook of another name": (WHOLE, {"a.yml": scope("one", "two", name="b")}),
    "another machine": (WHOLE, {"a.yml": replace(TWO["a.yml"], identities={"here": "a copy"})}),
}


@pytest.mark.parametrize("case", NEVER)
def test_what_never_closes(case: str) -> None:
    declared, scopes = NEVER[case]
    records = [record(1, "one"), record(2, "two", "changed"), record(3, "two[x]")]
    status = judged(declared, scopes, records)
    assert status.status is not GapState.CLOSED
    assert status.next_action


@pytest.mark.parametrize(
    "said",
    [{"environment": "sandbox"}, {"target": "there"}, {"runbook": "b"}, {"version": "v0"}, {"step": "One"}],
)
def test_evidence_that_does_not_count(said: Mapping[str, str]) -> None:
    names = {"step": "two", **said}
    stray = record(2, names.pop("step"), **names)
    assert judged(WHOLE, TWO, [record(1, "one"), stray]).status is GapState.PARTIAL


def test_evidence_of_an_older_version_is_named() -> None:
    status = judged(WHOLE, TWO, [record(1, "one", version="v0"), record(2, "two")])
    assert reasons(status) == ["evidence is of an older version of the step", ""]
    assert not status.reopened, "this version was never closed"


@pytest.mark.parametrize(
    ("outcome", "holds"), [("ok", False), ("changed", False), ("unknown", False), ("drifted", True)]
)
def test_newer_evidence_of_another_version_outdates_what_was_seen(outcome: str, holds: bool) -> None:
    """Applying a variant and going back to the old text does not bring the old state back."""
    status = judged(WHOLE, TWO, [record(1, "one"), record(2, "two"), record(3, "two", outcome, version="v2")])
    assert (status.status is GapState.CLOSED) is holds
    assert holds or "another version" in reasons(status)[1]


def test_an_intent_that_nobody_settled_is_unknown() -> None:
    status = judged(
        WHOLE, TWO, [record(1, "one"), record(2, "two"), record(3, "two", "unknown", reason="run died")]
    )
    assert (status.status, reasons(status)[1]) == (GapState.PARTIAL, "unknown: run died")


# Age


def test_evidence_expires_by_time_passing() -> None:
    declared = gap("G", objective(), max_age_seconds=3600)
    records = [record(1, "one", age=0), record(2, "two", age=1800)]

    def at(minutes: int) -> GapStatus:
        return fold(matrix(declared), TWO, records, "proof", NOW + timedelta(minutes=minutes)).gaps[0]

    assert [at(minutes).status for minutes in (0, 30)] == [GapState.CLOSED] * 2
    assert (at(31).status, at(31).reopened) == (GapState.PARTIAL, True)
    assert "expired" in reasons(at(31))[1]
    assert at(61).status is GapState.OPEN
    assert at(-1).status is GapState.PARTIAL, "what is dated in the future would never expire"


# Proof


def test_a_proof_closes_only_where_the_proof_is_the_objective() -> None:
    proof = gap("G", objective(proof=True))
    records = [record(1, "one", "proved"), record(2, "two", "proved")]
    assert judged(proof, TWO, records).status is GapState.CLOSED
    assert judged(proof, TWO, [*records, record(3, "two", "breached")]).reopened
    rehearsed = judged(WHOLE, TWO, records)
    said = "rehearsed on 2026-06-01, not done"
    assert (rehearsed.status, reasons(rehearsed)) == (GapState.PARTIAL, [said] * 2)


# Next action


def in_matrix(*gaps: GapDeclaration, records: Sequence[EvidenceRecord] = ()) -> MatrixStatus:
    command = "cutter apply -i inventory/sandbox"
    return fold(matrix(*gaps), TWO, records, "proof", NOW, command=command, folder="../runbooks")


def test_the_next_action_is_the_first_missing_objective_and_its_command() -> None:
    declared = gap("G", objective(steps=("one",)), objective(steps=("two",)), objective("f4.yml"))
    (status,) = in_matrix(declared, records=[record(1, "one")]).gaps
    assert status.command == "cutter apply -i inventory/sandbox ../runbooks/a.yml"
    assert (
        status.next_action
        == "apply ../runbooks/a.yml: 1 of 1 steps to go, first two on here: no evidence yet"
    )
    (status,) = in_matrix(declared, records=[record(1, "one"), record(2, "two")]).gaps
    assert (status.command, status.next_action) == ("", "../runbooks/f4.yml is not in the tree yet")


def test_a_closed_gap_has_no_next_action() -> None:
    (status,) = in_matrix(WHOLE, records=[record(1, "one"), record(2, "two")]).gaps
    assert (status.status, status.command, status.next_action) == (GapState.CLOSED, "", "")


def test_what_a_gap_requires_comes_first_and_does_not_change_its_own_state() -> None:
    one = gap("G1", objective(steps=("one",)), requires=("G2",))
    two = gap("G2", objective(steps=("two",)))
    status = in_matrix(one, two)
    assert status.gaps[0].next_action.startswith(
        "G2 first: apply ../runbooks/a.yml: 1 of 1 steps to go, first two"
    )
    assert in_matrix(one, two, records=[record(1, "one")]).gaps[0].status is GapState.CLOSED
    assert in_matrix(one, two, records=[record(1, "two")]).gaps[0].next_action.startswith("apply")
    assert in_matrix(replace(one, requires=("G9",))).gaps[0].next_action.startswith("needs G9")


def test_gaps_that_require_each_other_still_have_a_next_action() -> None:
    names = ("G1", "G2", "G3")
    circle = [
        gap(name, objective(), requires=(after,))
        for name, after in zip(names, ("G2", "G3", "G1"), strict=True)
    ]
    for status in in_matrix(*circle).gaps:
        assert status.command.endswith("a.yml")


def test_blocking_gaps_are_those_that_say_so_and_are_not_closed() -> None:
    gaps = [
        gap("closed", objective(steps=("one",))),
        gap("open", objective(steps=("two",))),
        gap("recommended", objective(steps=("two",)), blocks="recommended"),
        gap("not", objective(steps=("two",)), blocks="no"),
    ]
    assert [gap.declaration.id for gap in in_matrix(*gaps, records=[record(1, "one")]).blocking] == ["open"]


# Laws


RECORDS = st.lists(
    st.builds(
        lambda step, outcome, said: record(0, step, outcome, **said),
        st.sampled_from(["one", "two", "other"]),
        st.sampled_from([outcome.value for outcome in Outcome]),
        st.fixed_dictionaries(
            {},
            optional={
                "environment": st.sampled_from(["proof", "sandbox"]),
                "target": st.sampled_from(["here", "there"]),
                "version": st.sampled_from(["v0", "v1"]),
                "runbook": st.sampled_from(["a", "b"]),
                "age": st.integers(0, 100_000),
            },
        ),
    ),
    max_size=12,
).map(lambda records: [replace(item, seq=seq) for seq, item in enumerate(records)])


@given(RECORDS)
def test_no_records_close_a_gap_without_a_success_of_every_step(records: list[EvidenceRecord]) -> None:
    status = judged(WHOLE, TWO, records)
    counting = [
        item
        for item in records
        if (item.environment, item.target, item.runbook) == ("proof", "here", "a")
        and item.content_hash == f"v1:{item.step}"
    ]
    proven = {item.step for item in counting if item.outcome.success}
    if status.status is GapState.CLOSED:
        assert {"one", "two"} <= proven
    newest = {item.step: item.outcome for item in counting if item.outcome is not Outcome.PROVED}
    if any(step not in newest or not newest[step].success for step in ("one", "two")):
        assert status.status is not GapState.CLOSED


@given(RECORDS, st.randoms(use_true_random=False))
def test_only_seq_orders_records(records: list[EvidenceRecord], chance: random.Random) -> None:
    shuffled = list(records)
    chance.shuffle(shuffled)
    assert judged(WHOLE, TWO, shuffled) == judged(WHOLE, TWO, records)


@given(RECORDS)
def test_time_alone_closes_nothing(records: list[EvidenceRecord]) -> None:
    declared = matrix(gap("G", objective(), max_age_seconds=1000))
    later = [
        fold(declared, TWO, records, "proof", NOW + timedelta(hours=hours)).gaps[0].status
        for hours in (0, 1, 30)
    ]
    closed = [state is GapState.CLOSED for state in later]
    assert closed == sorted(closed, reverse=True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"outcome": "closed"},
        {"outcome": None},
        {"outcome": "CLOSED", "status": "CLOSED"},
        {"outcome": "OK"},
    ],
)
def test_an_outcome_that_nobody_knows_is_unknown(body: Mapping[str, object]) -> None:
    told = evidence_record(7, "2026-05-21T07:08:09.123Z", body)
    assert (told.outcome, told.seq, told.at.isoformat()) == (
        Outcome.UNKNOWN,
        7,
        "2026-05-21T07:08:09.123000+00:00",
    )
