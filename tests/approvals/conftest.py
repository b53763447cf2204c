"""The fixtures of this room's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from approvals.asking import Asking, make_asking
from signers import People, people

__all__ = ["people"]


@pytest.fixture
def asking(people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asking:
    """Give a project under an authority, with a plan; gpg finds everybody's keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GNUPGHOME", people.home)
    asking = make_asking(tmp_path, people)
    asking.plan()
    return asking
