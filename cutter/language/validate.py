"""A document against its schema."""

from __future__ import annotations

from cutter.language.problems import Problem
from cutter.language.strict_yaml import Document


def judged(document: Document, text: bytes, schema: str) -> list[Problem]:
    """Return every problem of a document: of its YAML, and of its shape."""
    del text, schema
    return [*document.problems, *document.doubts.values()]
