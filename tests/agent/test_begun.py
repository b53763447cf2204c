"""What was begun on a machine: what stood there stays until what takes its place is whole."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import pytest
from project import in_child

from cutter.agent import tenure
from cutter.errors import CutterError


def test_what_was_begun_stays_where_the_disk_takes_no_more(tmp_path: Path) -> None:
    folder = str(tmp_path)
    tenure.begin(folder, "R1", "ann@desk", ["first"], [])

    def on_a_full_disk() -> int:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, -1))
        with pytest.raises(CutterError):
            tenure.begin(folder, "R1", "ann@desk", ["second"], [])
        return 0

    assert in_child(on_a_full_disk) == 0
    assert [left["steps"] for left in tenure.begun(folder)] == [["first"]]
    tenure.begin(folder, "R1", "ann@desk", ["second"], [])
    assert [left["steps"] for left in tenure.begun(folder)] == [["second"]]
    tenure.answered(folder, ["R1"])
    assert list(tmp_path.iterdir()) == []


def test_its_bytes_and_then_its_name_are_durable_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, rename, seen = os.fsync, os.rename, []

    def watched_fsync(fd: int) -> None:
        seen.append(os.readlink(f"/proc/self/fd/{fd}"))  # noqa: PTH115 - a descriptor
        fsync(fd)

    def watched_rename(*names: Any) -> None:
        seen.append("rename")
        rename(*names)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "rename", watched_rename)
    tenure.begin(str(tmp_path), "R1", "ann@desk", ["first"], [])
    assert seen == [str(tmp_path / "beginning"), "rename", str(tmp_path)]


def test_a_run_that_is_in_its_own_way_is_not_told_to_wait_for_itself(tmp_path: Path) -> None:
    with tenure.tenure(str(tmp_path), "R1", "ann@desk"):
        for run, said in (("R1", "this run itself, by another name"), ("R2", "run R1 of ann@desk")):
            with pytest.raises(CutterError, match=said), tenure.tenure(str(tmp_path), run, "ann@desk"):
                pass
