"""kill -9 before and after every call that can change the world, then the next run."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from faults.points import kill
from faults.sweeping import swept

SHARES = 4


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", range(SHARES))
def test_every_point_of_an_apply_of_all_types_can_be_the_last(tmp_path: Path, share: int) -> None:
    found = swept(tmp_path, None, (share, SHARES), kill, _killed)

    assert found.faults == []
    assert found.points > 280
    assert found.struck >= found.points // SHARES


def _killed(ended: int, name: str) -> str:
    del name
    return "" if ended in (-signal.SIGKILL, -1) else f"the run was to be killed and ended with {ended}"
