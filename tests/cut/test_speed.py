"""A plan of many units is whole, and its memory grows no faster than the text."""

from __future__ import annotations

import tracemalloc

import pytest
from cut_texts import LAW, RULES, planned

from cutter.cut.grammar import Grammar

COUNT = 5_000
BODY = "The text of an article says what is so and what follows from it, no more.\n" * 8


def markdown(count: int) -> bytes:
    return "".join(f"### Article {n}. Title {n}\n\n{BODY}\n" for n in range(1, count + 1)).encode()


def numbered(count: int) -> bytes:
    return "".join(f"{n}. Title {n}\n{BODY}\n" for n in range(1, count + 1)).encode()


@pytest.mark.parametrize(
    ("text", "grammar"), [(markdown(COUNT), LAW), (numbered(COUNT), RULES)], ids=["md", "num"]
)
def test_five_thousand_units_are_planned_whole(text: bytes, grammar: Grammar) -> None:
    plan = planned(text, grammar)
    assert len(plan.rows) == COUNT
    assert plan.pin.startswith("v1:")


@pytest.mark.parametrize(("text", "grammar"), [(markdown, LAW), (numbered, RULES)], ids=["md", "num"])
def test_memory_stays_within_two_thousand_bytes_a_unit(text: object, grammar: Grammar) -> None:
    assert callable(text)
    planned(text(10), grammar)
    source = text(2_000)
    tracemalloc.start()
    try:
        rows = planned(source, grammar).rows
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000 * len(rows) + 3 * 2**20  # 200 MiB for a hundred thousand; windows of text come on top
