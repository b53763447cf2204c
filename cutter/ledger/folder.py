"""The folder of a ledger."""

from __future__ import annotations

import os


def make_folder(path: str) -> None:
    """Make a folder for its owner alone (0700), and what is missing above it for owner and group (0750)."""
    parent = os.path.dirname(path.rstrip("/"))
    if parent and not os.path.isdir(parent):
        _make_parents(parent)
    _make(path, 0o700)


def _make_parents(path: str) -> None:
    above = os.path.dirname(path)
    if above and above != path and not os.path.isdir(above):
        _make_parents(above)
    _make(path, 0o750)


def _make(path: str, mode: int) -> None:
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
