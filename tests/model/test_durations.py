"""Durations: one way to write them, and nothing that only looks like one."""

from __future__ import annotations

import pytest

from cutter.model.durations import seconds_of


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("4w", 2_419_200), ("2y", 63_072_000)],
)
def test_a_duration_has_its_seconds(duration: str, seconds: int) -> None:
    assert seconds_of(duration) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "-1h", "1.5h", "1 h", "15m\n", "1h30m", "9999999s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds_of(text)
