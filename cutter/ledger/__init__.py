"""The append-only chain of entries, and the locks that keep it, and every run, one at a time."""

from __future__ import annotations
