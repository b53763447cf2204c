"""What a command has opened on its way and lets go of when it ends, whatever becomes of it."""

from __future__ import annotations

from contextlib import ExitStack

OPENED = ExitStack()
"""Embedded servers and agents on other machines; `close()` at the end of a command."""
