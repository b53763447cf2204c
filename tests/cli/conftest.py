"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a small project, and stand in it."""
    monkeypatch.delenv("CUTTER_INVENTORY", raising=False)
    monkeypatch.chdir(tmp_path)
    return make_project(tmp_path)
