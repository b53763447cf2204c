"""What a target is asked to do: a step to apply, or one to take back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, Union

from cutter.model.obligations import Marks
from cutter.model.references import parts, references
from cutter.model.state import Change, State
from cutter.named_tuple import NamedTuple


class StepRequest(NamedTuple):
    """One step as the target gets it. `planned` is the change not to be exceeded; None where unknown.

    `confirm` is within how many seconds it must be confirmed, or goes back by itself; 0 where it need not be.
    `owed` is what earlier runs have left it to do; see cutter.model.obligations.
    """

    id: str
    type: str
    params: Mapping[str, Any]
    content_hash: str
    planned: Optional[Change] = None
    confirm: int = 0
    owed: Mapping[str, Marks] = {}


class RevertRequest(NamedTuple):
    """One step to take back: how it must still be, and how it was. `params` are those it was applied with.

    `confirm` is as in StepRequest, and 0 where the step was not applied under a guard either.
    """

    id: str
    type: str
    params: Mapping[str, Any]
    content_hash: str
    expected: Optional[State]
    goal: Optional[State]
    confirm: int = 0


Request = Union[StepRequest, RevertRequest]


def depends_on(step: StepRequest) -> tuple[str, ...]:
    """Return the ids of the steps whose outputs this one uses."""
    names = references(step.params)
    return tuple(parts(name)[1] for name in names if name.startswith("steps."))
