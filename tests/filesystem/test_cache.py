"""A cache holds what was put there, by nobody else."""

from __future__ import annotations

import os
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from project import in_child

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


def test_what_somebody_else_has_put_there_is_not_read(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives a file away")
    cache = Cache("things")
    cache.write("a", b"text", kept=5)
    os.chown(folder / "a", 12345, 12345)
    assert (cache.read("a"), "a" in cache) == (b"", False)


@pytest.mark.parametrize("place", ["", "relative"])
def test_where_no_place_is_told_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A home that is not known is `~` itself, and a cache beside whatever is at hand serves nobody."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.setenv("HOME", "here")
    cache = Cache("things")
    cache.write("a", b"text", kept=5)
    assert (cache.read("a"), list(tmp_path.iterdir())) == (b"", [])


def test_root_leaves_nothing_in_the_home_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `sudo` does that keeps HOME: that user could never have a cache there again."""
    if os.geteuid() != 0:
        pytest.skip("only root gives a folder away")
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, 12345)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(home))
    cache = Cache("things")
    cache.write("a", b"text", kept=5)
    assert (cache.read("a"), list(home.iterdir())) == (b"", [])


def test_a_file_that_cannot_be_written_whole_is_none(folder: Path) -> None:
    cache = Cache("things")
    cache.write("a", b"text", kept=5)

    def fill_up() -> int:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))  # as on a disk that is full
        cache.write("b", b"longer text", kept=5)
        return 0

    assert in_child(fill_up) == 0
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_many_write_at_once(folder: Path) -> None:
    cache = Cache("things")

    def write() -> int:
        for turn in range(200):
            cache.write(f"{turn % 30}", b"text" * 1000, kept=10)
            if cache.read(f"{turn % 30}") not in (b"", b"text" * 1000):
                return 1
        return 0

    with ThreadPoolExecutor(3) as several:
        assert list(several.map(lambda _: in_child(write), range(3))) == [0, 0, 0]
    assert 0 < len(list(folder.iterdir())) <= 13
    assert not list(folder.glob(".*"))
