from __future__ import annotations

import gc
import os
from contextlib import suppress
from pathlib import Path

import pytest
from things import KINDS

from cutter.errors import Conflict, PreconditionError
from cutter.filesystem.walk import existing_parent_of, kind_of, parent_of, problem_of


def _open_descriptors() -> set[str]:
    gc.collect()  # what an earlier test has left open is closed now, and not in between
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - one way to look, before and after


def test_a_place_is_an_open_folder_and_a_name(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with parent_of(f"{tmp_path}/f/") as place:
        assert place is not None
        assert (place.name, place.path) == ("f", str(tmp_path / "f"))
        assert os.stat("f", dir_fd=place.fd).st_ino == (tmp_path / "f").stat().st_ino
        assert place.beside("g").path == str(tmp_path / "g")


def test_the_place_of_a_folder_below_the_root_is_the_root() -> None:
    with existing_parent_of("/proc") as place:
        assert os.stat(".", dir_fd=place.fd).st_ino == Path("/").stat().st_ino


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"a directory", "a symbolic link"}])
def test_a_thing_on_the_way_that_is_no_folder_is_a_conflict(tmp_path: Path, kind: str) -> None:
    KINDS[kind](tmp_path / "way")
    with pytest.raises(Conflict, match=f"way is {kind}, not a directory"), parent_of(f"{tmp_path}/way/f"):
        pass


@pytest.mark.parametrize("target", ["real", "{0}/real", "again"])
def test_a_link_on_the_way_names_the_real_path(tmp_path: Path, target: str) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "again").symlink_to("real")
    (tmp_path / "way").symlink_to(target.format(tmp_path))
    with pytest.raises(Conflict) as refused, existing_parent_of(f"{tmp_path}/way/deep/f"):
        pass
    assert refused.value.cause.endswith(f"write the real path {tmp_path}/real/deep/f")


def test_a_link_swapped_in_while_walking_moves_nothing(tmp_path: Path) -> None:
    (tmp_path / "way").mkdir()
    (tmp_path / "theirs").mkdir()
    with existing_parent_of(f"{tmp_path}/way/f") as place:
        (tmp_path / "way").rename(tmp_path / "moved")
        (tmp_path / "way").symlink_to("theirs")
        os.mkdir(place.name, dir_fd=place.fd)
    assert (tmp_path / "moved" / "f").exists()
    assert not (tmp_path / "theirs" / "f").exists()


def test_a_missing_folder_is_none_to_see_and_named_to_act(tmp_path: Path) -> None:
    with parent_of(f"{tmp_path}/a/b/c") as place:
        assert place is None
    with pytest.raises(PreconditionError, match=f"the folder {tmp_path}/a does not exist"):
        existing_parent_of(f"{tmp_path}/a/b/c").__enter__()


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to("real")
    (tmp_path / "file").write_text("x")
    before = _open_descriptors()
    for path in ("f", "a/b/c", "way/f", "file/f"):
        with suppress(Conflict), parent_of(f"{tmp_path}/{path}"):
            pass
    with pytest.raises(ZeroDivisionError), parent_of(f"{tmp_path}/f"):
        _ = 1 / 0
    assert _open_descriptors() == before


@pytest.mark.parametrize("path", ["/a", "/a/", "/a/b.c/..d", "/-rf", "/a\nb", "/caf\udce9", "/..."])
def test_a_plain_path_has_no_problem(path: str) -> None:
    assert not problem_of(path)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "absolute"),
        ("a/b", "absolute"),
        ("/", "root"),
        ("//", "root"),
        ("/a\0", "NUL"),
        ("//a", "empty"),
        ("/a//b", "empty"),
        ("/a//", "empty"),
        ("/..", "'..'"),
        ("/a/./b", "'.'"),
        ("/a/../b", "'..'"),
    ],
)
def test_a_problem_of_a_path_is_said(path: str, problem: str) -> None:
    assert problem in problem_of(path)


def test_a_kind_that_nobody_knows_is_said_too() -> None:
    assert kind_of(0) == "something unknown"
