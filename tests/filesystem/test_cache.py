"""A cache holds what was put there, by nobody else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cutter.filesystem.cache import Cache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "cutter/things"


def test_what_was_put_there_is_read(folder: Path) -> None:
    cache = Cache("things")
    assert (cache.read("a"), "a" in cache) == (b"", False)
    cache.write("a", b"text", kept=5)
    assert (cache.read("a"), "a" in cache) == (b"text", True)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_where_others_can_write_there_is_no_cache(folder: Path, mode: int) -> None:
    cache = Cache("things")
    cache.write("a", b"text", kept=5)
    folder.chmod(mode)
    assert (cache.read("a"), "a" in cache) == (b"", False)
    cache.write("b", b"text", kept=5)
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_a_folder_of_somebody_else_is_no_cache(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives a folder away")
    cache = Cache("things")
    cache.write("a", b"text", kept=5)
    os.chown(folder, 12345, 12345)
    assert (cache.read("a"), "a" in cache) == (b"", False)


def test_a_link_to_a_folder_is_no_cache(folder: Path, tmp_path: Path) -> None:
    cache = Cache("things")
    cache.write("a", b"text", kept=5)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert cache.read("a") == b""
