"""A project whose first version is loaded, cut and in force, and ways to take it back."""

from __future__ import annotations

import pytest
from governed_project import RUN, STEPS, GovernedProject, governed_project
from postgres import postgres_server
from revert_cases import Cutter

__all__ = ["governed_project", "postgres_server"]


@pytest.fixture
def cutter(project: GovernedProject, monkeypatch: pytest.MonkeyPatch) -> Cutter:
    """Give a project in which run RUN has loaded, cut and enacted version 1."""
    path = project.installed(STEPS)
    made = Cutter(project, monkeypatch, path)
    made.apply(path, RUN)
    return made
