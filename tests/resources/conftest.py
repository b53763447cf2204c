from __future__ import annotations

from pathlib import Path

import pytest
from desk import FolderDesk

from cutter.filesystem.kept import KeptContent


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    return folder


@pytest.fixture
def content(tmp_path: Path) -> KeptContent:
    return KeptContent(str(tmp_path / "kept"))


@pytest.fixture
def desk(tmp_path: Path, content: KeptContent) -> FolderDesk:
    return FolderDesk(tmp_path, content)
