from __future__ import annotations

from pathlib import Path

import pytest
from desk import FolderDesk, file_of
from laws import change_of

from cutter.filesystem.kept import KeptContent


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (b"a\nb\n", "a\nc\n", "--- {0}\n+++ {0}\n@@ -1,2 +1,2 @@\n a\n-b\n+c"),
        (b"a", "a\n", "--- {0}\n+++ {0}\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a"),
        (None, "a\n", "--- {0}\n+++ {0}\n@@ -0,0 +1 @@\n+a"),
        (b"\xff", "abc", "binary, 1 -> 3 bytes"),
        (b"a\0b", "abc", "binary, 3 -> 3 bytes"),
        (b"x" * 200_001, "abc", "text, 200001 -> 3 bytes"),
        (b"same", "same", ""),
    ],
)
def test_a_preview_says_what_would_be_different(
    world: Path, desk: FolderDesk, old: bytes | None, new: str, shown: str
) -> None:
    if old is not None:
        (world / "f").write_bytes(old)
    resource = file_of(world / "f", desk, content=new)
    assert resource.preview(change_of(resource), desk.target) == shown.format(world / "f")


def test_a_preview_of_a_removal_shows_what_goes(world: Path, content: KeptContent, desk: FolderDesk) -> None:
    (world / "f").write_text("gone\n")
    resource = file_of(world / "f", desk, ensure="absent")
    assert resource.preview(change_of(resource), content).endswith("@@ -1 +0,0 @@\n-gone")


def test_a_preview_without_the_new_bytes_is_empty(world: Path, tmp_path: Path, desk: FolderDesk) -> None:
    resource = file_of(world / "f", desk, content="new")
    assert resource.preview(change_of(resource), KeptContent(str(tmp_path / "none"))) == ""
