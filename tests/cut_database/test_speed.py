"""Five thousand units, start to end; the time is reported, and only what came of it is asserted."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from cut_cases import Governed, cutplan, many


@pytest.mark.slow
def test_five_thousand_units(governed: Governed, record_property: Callable[[str, object], None]) -> None:
    plan = cutplan(many(5_000))
    governed.load(plan)
    started = time.perf_counter()
    leg, verdict = governed.cut(plan)
    record_property(
        "cut, record, verify and commit of 5,000 units, ms", 1000 * (time.perf_counter() - started)
    )
    assert (leg.created, verdict.body_hash_match_count) == (5_000, 5_000)
