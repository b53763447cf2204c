"""The fixtures of this room's tests."""

from __future__ import annotations

from postgres import database, postgres_server, provider

__all__ = ["database", "postgres_server", "provider"]
