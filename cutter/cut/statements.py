"""The SQL of this room: files of named statements, each with parameters only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

_ROOM = os.path.dirname(os.path.abspath(__file__))
QUERIES = os.path.join(_ROOM, "queries")
SCHEMA = os.path.join(_ROOM, "schema")


@lru_cache(maxsize=16)
def statements(name: str) -> Mapping[str, bytes]:
    """Return the statements of queries/NAME.sql by their names, as the bytes that a connection executes."""
    with open(os.path.join(QUERIES, f"{name}.sql"), "rb") as file:
        parts = file.read().split(b"-- name: ")[1:]
    pairs = (part.partition(b"\n") for part in parts)
    return {name.decode().strip(): statement.strip() for name, _, statement in pairs}
