"""The fixtures of this room's tests."""

from __future__ import annotations

from governed_project import governed_project
from postgres import postgres_server

__all__ = ["governed_project", "postgres_server"]
