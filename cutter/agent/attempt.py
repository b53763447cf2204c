"""One step while it is applied or taken back, and the evidence it ends in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from cutter.agent.duties import StepDuties
from cutter.agent.requests import Request
from cutter.errors import (
    ApprovalRefused,
    BackupFailed,
    Breached,
    CutterError,
    GapOpen,
    KillSwitchOff,
    LedgerError,
    LeftBehind,
    LockHeld,
    RanInVain,
    StalePlan,
    Unavailable,
    Unobservable,
    Unprovable,
)
from cutter.model.evidence import Evidence, Outcome
from cutter.model.state import Change, State
from cutter.resource import Resource

_OUTCOMES = (
    (StalePlan, Outcome.STALE),
    (KillSwitchOff, Outcome.BLOCKED),
    (ApprovalRefused, Outcome.BLOCKED),
    (BackupFailed, Outcome.BLOCKED),
    (GapOpen, Outcome.BLOCKED),
    (LedgerError, Outcome.BLOCKED),
    (Breached, Outcome.BREACHED),
    (Unprovable, Outcome.UNPROVABLE),
    (Unobservable, Outcome.UNOBSERVABLE),
)
"""What an error makes of a step; any other makes it failed."""


def outcome_of(error: CutterError) -> Outcome:
    """Return what an error makes of the step that raised it."""
    return next((named for kind, named in _OUTCOMES if isinstance(error, kind)), Outcome.FAILED)


class Attempt:
    """What is known of a step while it is applied, so that a failure can say what was seen."""

    def __init__(self, step: Request) -> None:
        self.step = step
        self.params: Mapping[str, Any] = {}
        self.resource: Optional[Resource] = None
        self.change = Change(None, None)
        self.looked = False
        self.moving = False
        self.observed: Optional[State] = None
        self.owed: Optional[StepDuties] = None

    def look(self) -> Optional[State]:
        """Look at the thing, and at what is still owed of it. Raises what that raises."""
        seen = None if self.resource is None else self.resource.observe()
        return seen if self.owed is None else self.owed.seen(seen)

    def compensated(self) -> Evidence:
        """Return the evidence of a step that was taken back."""
        return self._evidence(Outcome.COMPENSATED, self.observed, settled=self._settled())

    def succeeded(self, observed: Optional[State], outputs: Mapping[str, str]) -> Evidence:
        """Return the evidence of a step that a fresh look found as declared."""
        outcome = Outcome.OK if self.change.empty else Outcome.CHANGED
        return self._evidence(outcome, observed, outputs=dict(outputs), settled=self._settled())

    def failed(self, error: CutterError) -> Evidence:
        """Return the evidence of a failure, after one more look; where nobody can look, it is unknown."""
        outcome = outcome_of(error)
        reason = error.cause if not error.place else f"{error.place}: {error.cause}"
        told: dict[str, Any] = {"reason": reason, "remedy": error.remedy}
        if outcome is Outcome.BLOCKED or isinstance(error, (LockHeld, Unavailable)):
            told["refusal"] = error.exit_code
        if self.resource is None or not self.looked:
            return self._evidence(outcome, None, **told)
        if self.moving and (self.resource.opaque or isinstance(error, LeftBehind)):
            told["world"] = error.world
        try:
            seen = self.look()
        except Exception:  # noqa: BLE001 - whatever it is, nobody saw how the step was left
            return self._evidence(Outcome.UNKNOWN if self.moving else outcome, self.change.before, **told)
        if self.resource.runs and isinstance(error, RanInVain) and seen == self.change.before:
            told["world"] = error.world
        return self._evidence(outcome, seen, **told)

    def _settled(self) -> Optional[Mapping[str, str]]:
        return None if self.owed is None else self.owed.settled()

    def _evidence(self, outcome: Outcome, observed: Optional[State], **told: Any) -> Evidence:
        return Evidence(
            step=self.step.id,
            type=self.step.type,
            content_hash=self.step.content_hash,
            outcome=outcome,
            before=self.change.before,
            after=self.change.after,
            observed=observed,
            keys=tuple(sorted(self.change.keys)),
            params=None
            if outcome is Outcome.OK or self.resource is None
            else self.resource.recorded(self.params),
            confirm=self.step.confirm or None,
            event=True if self.resource is not None and self.resource.event else None,
            **told,
        )
