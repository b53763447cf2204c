"""A project of its own for each test: an inventory folder, and a cache that nobody else uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from malformed_corpus import Write


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where valid documents are remembered."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project whose inventory `one` holds one local host."""
    folder = tmp_path / "project"
    inventory = folder / "inventory" / "one"
    inventory.mkdir(parents=True)
    (inventory / "hosts.yml").write_text("all:\n  hosts:\n    one: {ansible_connection: local}\n")
    (inventory / "environment.yml").write_text("name: one\nproduction: no\nledger: /srv/ledger\n")
    return folder


@pytest.fixture
def write(project: Path) -> Write:
    """Write a file of the project; the text of a runbook gets its first three lines when it lacks them."""

    def _write(name: str, text: str) -> Path:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        head = "apiVersion: cutter/v1\nrunbook: sample\ntitle: A sample\n"
        bare = name.startswith("runbooks/") and name.endswith(".yml") and "apiVersion" not in text
        path.write_text(head + text if bare else text)
        return path

    return _write
