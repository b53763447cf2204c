"""The fixtures of this room's tests: a project with an authority, a backup key and a database."""

from __future__ import annotations

from postgres import postgres_server
from signers import people
from switched import backup_keys, switched_project

__all__ = ["backup_keys", "people", "postgres_server", "switched_project"]
