"""The fixtures of this room's tests."""

from __future__ import annotations

from wired import project, tcp_server

__all__ = ["project", "tcp_server"]
