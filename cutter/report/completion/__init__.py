"""Completion scripts for shells, generated from what the parser knows of the verbs."""

from __future__ import annotations

from cutter.report.completion.words import Flag, Kind, Verb

__all__ = ["Flag", "Kind", "Verb"]
