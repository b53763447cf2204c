"""cutter: declarative runbooks for operations that happen rarely, matter a lot and must leave proof."""

from __future__ import annotations

__version__ = "0.1.0"
