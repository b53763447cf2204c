"""The kill switch of a runbook in words: around which steps it is on, and whose approval that needs."""

from __future__ import annotations

from collections.abc import Sequence

from cutter.model.runbook import KillSwitch


def kill_switch_words(switch: KillSwitch, roles: Sequence[str]) -> str:
    """Return for how long the switch is on, and which roles have to sign."""
    steps, needed = f"from {switch.on_before} to {switch.off_after}", " and ".join(roles)
    needs = f"needs {needed}" if roles else "and nobody can approve it: there is no authority.yml"
    return f"on for this run {steps}, lease {switch.lease}, {needs}"
