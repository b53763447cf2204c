"""The fixtures of this room's tests."""

from __future__ import annotations

from cut_cases import governed, installed
from postgres import database, postgres_server, provider

__all__ = ["database", "governed", "installed", "postgres_server", "provider"]
