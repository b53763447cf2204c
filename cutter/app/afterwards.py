"""What went wrong beside what a command was asked to do: told when it is over, whatever it returned."""

from __future__ import annotations

from cutter.errors import CutterError

AFTERWARDS: list[CutterError] = []
"""Complaints in the order in which they came up; a command that succeeded ends with the code of the first."""
