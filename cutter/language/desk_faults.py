"""What can go wrong while the controller prepares a step."""

from __future__ import annotations

from cutter.errors import InvalidDocument


class DeskFault(InvalidDocument):
    """Something a step needs from the controller is missing; `asked` is the text the runbook asked with."""

    def __init__(self, asked: str, what: str, advice: str = "") -> None:
        """Remember what was asked for, so that the place in the runbook can be found."""
        super().__init__(what)
        self.asked = asked
        self.advice = advice
