"""What a look says of one step: one of three answers, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Optional

from cutter.model.state import Change, State
from cutter.named_tuple import NamedTuple


class Prediction(str, Enum):
    """The answer a plan gives for one step."""

    CHANGE = "change"
    NO_CHANGE = "no change"
    UNKNOWN = "unknown"  # until apply: it depends on what an earlier step will make
    BLOCKED = "blocked"  # something is in the way that no earlier step moves
    UNOBSERVABLE = "unobservable"  # the target could not be looked at


class Look(NamedTuple):
    """What a target saw of one step, without touching it.

    `reason` and `remedy` explain an unknown or blocked answer, `exit_code` is the blocked one's. `preview`
    shows the change to a person, secrets hidden; it is never part of a plan. `each_run` marks an event that
    every run with anything to do makes anew. `settled` is what was owed, by duty, and is found done.
    """

    step: str
    prediction: Prediction
    before: Optional[State] = None
    after: Optional[State] = None
    reason: str = ""
    remedy: str = ""
    exit_code: int = 10
    outputs: Mapping[str, str] = {}
    preview: str = ""
    each_run: bool = False
    settled: Optional[Mapping[str, str]] = None

    def anew(self) -> Look:
        """Return the look of an event that is to be made once more, as if it had never been."""
        return self._replace(prediction=Prediction.CHANGE, before=None, outputs={})

    @property
    def change(self) -> Change:
        """The change from what was seen to what is declared."""
        return Change(self.before, self.after)
