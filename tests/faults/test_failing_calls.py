"""A full disk, a disk that fails and one that is read-only, at every single call."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from faults.points import fail_with
from faults.sweeping import swept

SHARES = 2
# what only stands for a message, or is looked up again: the run goes on, and rightly says that all is well
HARMLESS = ("pwrite", "ftruncate", "mkdir")
NOT_OURS = ("Popen", "wait")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_every_call_may_fail(tmp_path: Path, key: Path, number: int, share: int) -> None:
    found = swept(tmp_path, key, (share, SHARES), fail_with(number), _told)

    # a name that cannot be taken away stays, and the step has said so
    assert [fault for fault in found.faults if not fault.partition(": ")[0].endswith("before unlink")] == []
    assert found.struck > 20


def _told(ended: int, name: str) -> str:
    moment, _, call = name.partition(" ")
    if moment == "after" or call in NOT_OURS:
        return "not a point"
    known = (11, 12, 18, 77, *([0] if call in HARMLESS else ()), -1)
    return "" if ended in known else f"ended with {ended}"
