from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.live import Live

from cutter.gpg.making import NewKey, generate


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that has the key which the runbook declares, so that no run has to make it."""
    home = tmp_path_factory.mktemp("key") / "gnupg"
    os.mkdir(home, 0o700)  # noqa: PTH102 - the mode from the start
    generate(str(home), NewKey("Backup", "backup@example.org", "ed25519", "2y"))
    return home


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """Give a project whose second step waits for a word; whatever of it still runs ends with the test."""
    project = Live(tmp_path)
    yield project
    project.end()
