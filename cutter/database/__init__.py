"""Connections by login, the embedded server, the kill switch, the transaction that is always rolled back."""

from __future__ import annotations
