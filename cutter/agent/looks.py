"""What a look says of a step: no change, a change, unknown, or something in the way."""

from __future__ import annotations

from cutter.agent.requests import StepRequest
from cutter.errors import (
    ApprovalRefused,
    BackupFailed,
    ConfigurationError,
    Conflict,
    CutterError,
    GapOpen,
    LedgerError,
    PermissionRefused,
    Unavailable,
    Unobservable,
)
from cutter.model.look import Look, Prediction
from cutter.model.state import Change
from cutter.resources import resource_type

_OWN_CODE = (
    *(Unavailable, ConfigurationError, PermissionRefused),
    *(ApprovalRefused, BackupFailed, GapOpen, LedgerError),
)
"""What keeps its exit code when it stands in the way of a step; the rest is a conflict."""


class Neighbours:
    """What the steps of a guarded group mean for those that come after them in it."""

    def __init__(self) -> None:
        self._changing = False

    def seen(self, step: StepRequest, look: Look) -> Look:
        """Return the look of the next step: a command with nothing to do may get some from its neighbours.

        Such as one that makes a service read the configuration that stands beside it.
        """
        self._changing = self._changing and step.confirm > 0
        if self._changing and look.prediction is Prediction.NO_CHANGE and resource_type(step.type).opaque:
            look = look._replace(prediction=Prediction.UNKNOWN, reason="a step beside it may call for it")
        pending = look.prediction in (Prediction.CHANGE, Prediction.UNKNOWN)
        self._changing = step.confirm > 0 and (self._changing or pending)
        return look


def unknown(step: StepRequest, reason: str) -> Look:
    """Return the look of a step that can be judged only when it is applied."""
    return Look(step.id, Prediction.UNKNOWN, reason=reason)


def obstacle(step: StepRequest, error: CutterError, pending: list[Look]) -> Look:
    """Judge why a step cannot be seen: an earlier pending step may move it out of the way, or none does."""
    way_is_made = any(map(makes_way, pending))
    may_come = isinstance(error, Unavailable) and not isinstance(error, Unobservable)
    if (may_come and pending) or (isinstance(error, Conflict) and way_is_made):
        return unknown(step, f"{error.cause}; an earlier step may change that")
    code = error.exit_code if isinstance(error, _OWN_CODE) else Conflict.exit_code
    return Look(step.id, Prediction.BLOCKED, reason=error.cause, remedy=error.remedy, exit_code=code)


def doomed(step: StepRequest, change: Change, error: CutterError) -> Look:
    """Return the look of a step whose change would fail; it could be seen, so it is drift all the same."""
    blocked = Look(step.id, Prediction.BLOCKED, change.before, change.after)
    return blocked._replace(reason=error.cause, remedy=error.remedy)


def makes_way(look: Look) -> bool:
    """Tell whether a pending step may move what is in the way of a later one."""
    return look.prediction is Prediction.UNKNOWN or look.change.removes
