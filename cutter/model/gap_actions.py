"""What is to be done next about a gap: in words, and as the command to type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cutter.model.gap_values import GapState, GapStatus, ObjectiveStatus


@dataclass(frozen=True)
class NextActions:
    """Next actions, from all judged gaps; `command` and `folder` precede the name of a runbook's file."""

    judged: Mapping[str, GapStatus]
    command: str
    folder: str

    def added_to(self, gap: GapStatus) -> GapStatus:
        """Return the gap with its next action and command; both are empty for a closed one."""
        action, command = self._next(gap, frozenset())
        return replace(gap, next_action=action, command=command)

    def _next(self, gap: GapStatus, asked: frozenset[str]) -> tuple[str, str]:
        """Return what comes first: what it requires, then the gap itself. `asked` stops going in circles."""
        if gap.status is GapState.CLOSED:
            return "", ""
        for required in gap.declaration.requires:
            other = self.judged.get(required)
            if other is None:
                return f"needs {required}, which the matrix does not declare", ""
            if other.status is not GapState.CLOSED and required not in asked:
                action, command = self._next(other, asked | {gap.declaration.id, required})
                return f"{required} first: {action}", command
        missing = next((objective for objective in gap.objectives if not objective.holds), None)
        return self.about(missing) if missing else ("declare objectives: without one, nothing closes it", "")

    def about(self, missing: ObjectiveStatus) -> tuple[str, str]:
        """Return what is to be done about an objective that does not hold, in words and as a command."""
        file = f"{self.folder}/{missing.declaration.runbook}"
        if missing.obstacle:
            return f"{file} {missing.obstacle}", ""
        first = missing.missing[0]
        count = f"{len(missing.missing)} of {len(missing.steps)} steps to go"
        action = f"apply {file}: {count}, first {first.step} on {first.target}: {first.reason}"
        return action, f"{self.command} {file}"
