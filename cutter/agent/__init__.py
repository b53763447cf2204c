"""Runs steps where the target is: look, decide, move, look again. Travels to the target.

Nothing here knows a resource type by name, a ledger or a terminal.
"""

from __future__ import annotations

from cutter.agent.looks import drift_of
from cutter.agent.requests import RevertRequest, StepRequest, depends_on
from cutter.agent.running import Agent

__all__ = ["Agent", "RevertRequest", "StepRequest", "depends_on", "drift_of"]
