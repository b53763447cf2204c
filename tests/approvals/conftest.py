"""The fixtures of this room's tests."""

from __future__ import annotations

from signers import people

__all__ = ["people"]
