"""The SQL of this room: files of named statements, each with parameters only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sql")


@lru_cache(maxsize=16)
def statements(name: str) -> Mapping[str, bytes]:
    """Return the statements of sql/NAME.sql by their names, as the bytes that a connection executes."""
    with open(os.path.join(_FOLDER, f"{name}.sql"), "rb") as file:
        parts = file.read().split(b"-- name: ")[1:]
    pairs = (part.partition(b"\n") for part in parts)
    return {head.decode().strip(): statement.strip() for head, _, statement in pairs}
