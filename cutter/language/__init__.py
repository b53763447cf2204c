"""Text to model: strict YAML with positions, schemas, runbooks, inventories and the gap matrix."""

from __future__ import annotations
