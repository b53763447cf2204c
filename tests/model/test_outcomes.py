"""Outcome to exit code: every outcome alone, every pair, and any mixture."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutter.errors import EXIT_CODES
from cutter.model.evidence import EXIT_OF_OUTCOME, EXIT_PRECEDENCE, Outcome, exit_of, worst_exit

ALONE = [
    (Outcome.OK, False, 0),
    (Outcome.CHANGED, True, 0),
    (Outcome.PROVED, False, 0),
    (Outcome.DRIFTED, False, 2),
    (Outcome.BLOCKED, False, 10),
    (Outcome.BLOCKED, True, 12),
    (Outcome.SKIPPED, False, 10),
    (Outcome.SKIPPED, True, 12),
    (Outcome.COMPENSATED, False, 11),
    (Outcome.FAILED, False, 11),
    (Outcome.FAILED, True, 12),
    (Outcome.UNKNOWN, True, 12),
    (Outcome.UNPROVABLE, False, 13),
    (Outcome.BREACHED, False, 13),
    (Outcome.BREACHED, True, 12),
    (Outcome.STALE, False, 20),
    (Outcome.STALE, True, 12),
    (Outcome.UNOBSERVABLE, False, 69),
]
PUBLISHED = {row.code for row in EXIT_CODES}


@pytest.mark.parametrize(("outcome", "changed", "code"), ALONE)
def test_an_outcome_alone(outcome: Outcome, changed: bool, code: int) -> None:
    assert exit_of([outcome], changed=changed) == code


def test_every_outcome_stands_in_the_table() -> None:
    assert {outcome for outcome, _, _ in ALONE} == set(Outcome) == set(EXIT_OF_OUTCOME)


def test_only_ok_and_changed_are_success() -> None:
    assert {outcome for outcome in Outcome if outcome.success} == {Outcome.OK, Outcome.CHANGED}


@pytest.mark.parametrize("pair", list(combinations_with_replacement(Outcome, 2)), ids=str)
def test_the_more_serious_of_two_wins_whatever_their_order(pair: tuple[Outcome, Outcome]) -> None:
    codes = [EXIT_OF_OUTCOME[outcome] for outcome in pair]
    wins = min(codes, key=EXIT_PRECEDENCE.index)
    expected = 11 if wins == 12 else wins
    assert exit_of(pair, changed=False) == expected
    assert exit_of(reversed(pair), changed=False) == expected
    assert exit_of(pair, changed=True) == (wins if wins in (0, 2) else 12)


def test_every_published_code_has_a_place_in_the_precedence() -> None:
    assert sorted(EXIT_PRECEDENCE) == sorted(PUBLISHED)


@given(st.lists(st.sampled_from(list(Outcome))), st.booleans())
def test_zero_means_that_nothing_went_wrong(outcomes: list[Outcome], changed: bool) -> None:
    code = exit_of(outcomes, changed=changed)
    harmless = {Outcome.OK, Outcome.CHANGED, Outcome.PROVED}
    assert (code == 0) == (set(outcomes) <= harmless)
    assert code in PUBLISHED


@given(st.lists(st.sampled_from(list(EXIT_PRECEDENCE)), min_size=1))
def test_the_worst_code_across_targets_never_depends_on_order(codes: list[int]) -> None:
    assert worst_exit(codes) == worst_exit(sorted(codes)) == worst_exit(reversed(codes))
    assert (worst_exit(codes) == 0) == (set(codes) == {0})
