from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from laws import snapshot

from cutter.errors import Conflict, CutterError, StepFailed
from cutter.filesystem.regular import Regular, opened
from cutter.filesystem.replace import replace
from cutter.filesystem.walk import Place, existing_parent_of


@contextmanager
def _at(path: Path) -> Iterator[tuple[Place, Regular | None]]:
    with existing_parent_of(str(path)) as place, opened(place) as old:
        yield place, old


def test_a_new_content_carries_what_is_not_declared(tmp_path: Path) -> None:
    live = tmp_path / "f"
    live.write_text("old")
    live.chmod(0o2640)
    os.setxattr(live, "user.note", b"kept")
    os.setxattr(live, "user.other", b"replaced")
    with _at(live) as (place, old):
        replace(place, old, b"new", {"xattr:user.other": "AA=="})
    assert live.read_text() == "new"
    assert live.stat().st_mode == 0o102640
    assert {name: os.getxattr(live, name) for name in os.listxattr(live)} == {
        "user.note": b"kept",
        "user.other": b"\0",
    }
    assert list(tmp_path.iterdir()) == [live]


@pytest.mark.parametrize("call", ["fsync", "rename", "write", "setxattr", "chmod"])
@pytest.mark.parametrize("trouble", [OSError(5, "trouble"), KeyboardInterrupt()])
def test_any_failure_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, trouble: BaseException
) -> None:
    live = tmp_path / "f"
    live.write_text("old")
    os.setxattr(live, "user.note", b"kept")
    before = {path: facts for path, facts in snapshot(tmp_path).items() if path == str(live)}

    def fail(*_: object, **__: object) -> None:
        raise trouble

    with _at(live) as (place, old), monkeypatch.context() as planted:
        planted.setattr(os, call, fail)
        with pytest.raises((CutterError, KeyboardInterrupt)):
            replace(place, old, b"new", {"mode": "0604"})
    assert {path: facts for path, facts in snapshot(tmp_path).items() if path != f"{tmp_path}/."} == before


def test_the_bytes_and_then_the_folder_are_durable_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = tmp_path / "f"
    live.write_text("old")
    fsync, rename, seen = os.fsync, os.rename, []

    def watched_fsync(fd: int) -> None:
        seen.append("folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "bytes")  # noqa: PTH112 - a descriptor
        fsync(fd)

    def watched_rename(*names: str, **fds: Any) -> None:
        seen.append("rename")
        rename(*names, **fds)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "rename", watched_rename)
    with _at(live) as (place, old):
        replace(place, old, b"new", {"mode": "0600"})
    assert seen == ["bytes", "rename", "folder"]


def test_a_reader_sees_the_old_or_the_new_file_whole(tmp_path: Path) -> None:
    live = tmp_path / "f"
    live.write_bytes(b"old" * 1_000)
    with live.open("rb") as reader:
        with _at(live) as (place, old):
            replace(place, old, b"new" * 1_000, {"mode": "0600"})
        assert reader.read() == b"old" * 1_000
    assert live.read_bytes() == b"new" * 1_000


def test_what_appears_at_the_last_moment_is_not_overwritten(tmp_path: Path) -> None:
    live = tmp_path / "f"

    def appear(_: str) -> None:
        live.write_text("theirs")

    with pytest.raises(Conflict, match="something appeared"), _at(live) as (place, old):
        replace(place, old, b"new", {"mode": "0600"}, appear)
    assert live.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [live]


@pytest.mark.parametrize("edit", ["in place", "in one move", "away"])
def test_what_is_edited_while_a_candidate_is_judged_is_not_lost(tmp_path: Path, edit: str) -> None:
    live, theirs = tmp_path / "f", tmp_path / "theirs"
    live.write_text("old")
    theirs.write_text("new by hand")

    def edited(_: str) -> None:
        if edit == "in place":
            live.write_text("new by hand")
        elif edit == "in one move":
            theirs.rename(live)
        else:
            live.unlink()

    with pytest.raises(Conflict, match="changed by somebody else"), _at(live) as (place, old):
        replace(place, old, b"new", {"mode": "0600"}, edited)
    assert live.exists() is (edit != "away")
    assert edit == "away" or live.read_text() == "new by hand"


def test_without_hard_links_a_new_file_gets_its_name_by_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links on this file system")

    monkeypatch.setattr(os, "link", unsupported)
    with _at(tmp_path / "f") as (place, old):
        replace(place, old, b"new", {"mode": "0600"})
    assert (tmp_path / "f").read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [tmp_path / "f"]


def test_a_candidate_is_secret_until_it_has_its_attributes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    write = os.write

    def watched(fd: int, content: bytes) -> int:
        modes.append(os.fstat(fd).st_mode & 0o7777)
        return write(fd, content[:2])  # a short write is not the end

    monkeypatch.setattr(os, "write", watched)
    before = os.umask(0)
    try:
        with _at(tmp_path / "f") as (place, old):
            replace(place, old, b"abcde", {"mode": "0644"})
    finally:
        os.umask(before)
    assert modes == [0o600] * 3
    assert (tmp_path / "f").read_bytes() == b"abcde"


def test_a_thing_swapped_in_between_two_looks_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = tmp_path / "f"
    live.write_text("old")
    look = os.stat

    def swapped(*names: object, **flags: object) -> os.stat_result:
        seen = look(*names, **flags)  # type: ignore[arg-type]
        live.unlink()
        os.mkfifo(live)
        return seen

    with existing_parent_of(str(live)) as place:
        monkeypatch.setattr(os, "stat", swapped)
        with pytest.raises(Conflict, match="is a FIFO"):
            opened(place).__enter__()


def test_a_failed_inspection_is_passed_on(tmp_path: Path) -> None:
    def refuse(path: str) -> None:
        raise StepFailed(f"{Path(path).read_text()} is unfit")

    with pytest.raises(StepFailed, match="new is unfit"), _at(tmp_path / "f") as (place, old):
        replace(place, old, b"new", {"mode": "0600"}, refuse)
    assert not list(tmp_path.iterdir())
