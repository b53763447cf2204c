from __future__ import annotations

from pathlib import Path

import pytest
from laws import build, obeys_the_laws

from cutter.filesystem.kept import KeptContent
from cutter.resources.target.directory import Directory


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    return folder


@pytest.fixture
def content(tmp_path: Path) -> KeptContent:
    return KeptContent(str(tmp_path / "kept"))


@pytest.mark.parametrize("mode", ["0755", "0700", "2770", "1777", "0000"])
def test_making_a_directory_obeys_the_laws(world: Path, content: KeptContent, mode: str) -> None:
    obeys_the_laws(build(Directory, {"path": str(world / "d"), "mode": mode}), content, world)
