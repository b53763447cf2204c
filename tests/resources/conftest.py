from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import FolderDesk
from private_etc import own_accounts

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


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Path]:
    """Show the accounts and homes of this machine, to be changed at will: `etc` and `home` in one folder."""
    with own_accounts(tmp_path) as world:
        yield world
