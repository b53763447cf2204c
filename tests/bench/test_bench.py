"""The cases do the work they time, and their tables can be read. No time is asserted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from bench.cases import CASES, Runs
from bench.floor import look, write
from bench.table import seconds, table, times
from bench.timing import Measured, Sample, timed
from bench.tools import make_tool
from bench.work import Work, faults, gap5, many, text_of
from command_line import cutter


@pytest.mark.parametrize("make", [gap5, lambda world: many(world, 12)], ids=["gap5", "files"])
def test_cutter_does_the_work_once_and_then_finds_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Work]
) -> None:
    place = tmp_path / "place"
    work = make(place / "world")
    tool = make_tool("cutter", place, work)
    monkeypatch.chdir(place)
    assert len(faults(work, tool.world)) == len(work.expected)
    first = cutter(*tool.command[1:])
    assert (first.code, faults(work, tool.world)) == (0, [])
    again = cutter(*tool.command[1:])
    assert (again.code, "changed" in again.out) == (0, False)
    tool.forget()
    assert (list(tool.world.iterdir()), (place / "kept").exists()) == ([], False)


def test_work_that_was_done_otherwise_is_not_taken_for_done(tmp_path: Path) -> None:
    work = many(tmp_path, 2)
    write(str(tmp_path / "files"), 2)
    assert faults(work, tmp_path) == []
    (tmp_path / "files/file-00001.txt").write_text("other")
    (tmp_path / "files/file-00000.txt").unlink()
    assert faults(work, tmp_path) == [
        "files/file-00000.txt is missing",
        "files/file-00001.txt has other content",
    ]
    assert (look(str(tmp_path / "files")), text_of(1)) == (1, "line of file 00001")


def test_a_process_is_timed_to_its_end(tmp_path: Path) -> None:
    sample = timed(["sh", "-c", "echo done >made"], tmp_path)
    assert (tmp_path / "made").read_text() == "done\n"
    assert sample.seconds > 0
    assert sample.mebibytes > 0


def test_the_median_and_the_largest_count() -> None:
    found = Measured((Sample(3.0, 1.0, 20.0), Sample(1.0, 1.0, 30.0), Sample(2.0, 1.0, 10.0)))
    assert (found.seconds, found.mebibytes) == (2.0, 30.0)


def test_a_table_is_markdown_with_numbers_to_the_right() -> None:
    text = table(("", "median"), [("cutter", seconds(0.1174)), ("pyinfra", seconds(40.66))])
    assert text.splitlines() == [
        "|         | median |",
        "| ------- | -----: |",
        "| cutter  | 117 ms |",
        "| pyinfra |   41 s |",
    ]
    assert [seconds(2.345), times(2.3, 0.5), times(40.0, 0.4)] == ["2.35 s", "4.6x", "100x"]


def test_every_case_says_what_it_times() -> None:
    assert all(case.__doc__ for case in CASES.values())
    assert Runs().tools[0] == "cutter"
