"""What came of a step, and what that means for the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Optional

from cutter.model.state import State
from cutter.named_tuple import NamedTuple


class Outcome(str, Enum):
    """What came of one step on one target. Only `ok` and `changed` are success."""

    OK = "ok"  # a fresh look found it as declared
    CHANGED = "changed"  # it was changed, and a fresh look found it as declared
    DRIFTED = "drifted"  # verify found it different; nothing was touched
    FAILED = "failed"  # it could not be reached, or the fresh look disagreed
    BLOCKED = "blocked"  # a precondition or a gate said no, before anything was touched
    SKIPPED = "skipped"  # an earlier step of the target stopped it
    STALE = "stale"  # it would now do more than was planned
    UNKNOWN = "unknown"  # started, and nobody saw the end
    UNOBSERVABLE = "unobservable"  # the target cannot be looked at
    COMPENSATED = "compensated"  # was changed, and put back after a later failure
    PROVED = "proved"  # executed inside a transaction that was rolled back
    UNPROVABLE = "unprovable"  # cannot run inside a transaction
    BREACHED = "breached"  # something escaped the rollback

    @property
    def success(self) -> bool:
        """Tell whether the world is as declared."""
        return self in (Outcome.OK, Outcome.CHANGED)


EXIT_OF_OUTCOME: Mapping[Outcome, int] = {
    Outcome.OK: 0,
    Outcome.CHANGED: 0,
    Outcome.PROVED: 0,
    Outcome.DRIFTED: 2,
    Outcome.BLOCKED: 10,
    Outcome.SKIPPED: 10,
    Outcome.COMPENSATED: 11,
    Outcome.FAILED: 12,
    Outcome.UNKNOWN: 12,
    Outcome.UNPROVABLE: 13,
    Outcome.BREACHED: 13,
    Outcome.STALE: 20,
    Outcome.UNOBSERVABLE: 69,
}

EXIT_PRECEDENCE: tuple[int, ...] = (
    *(12, 18, 21, 1, 13, 22, 20, 19, 11, 16, 15, 14, 17, 10, 77, 69, 78, 65, 64, 2, 0),
)
"""Most serious first: what needs a person, then what was refused, then what could not start, then drift."""


def worst_exit(codes: Iterable[int]) -> int:
    """Return the code that wins when targets or runbooks end differently; 0 for none at all."""
    return min(codes, key=EXIT_PRECEDENCE.index, default=0)


def exit_of(outcomes: Iterable[Outcome], *, changed: bool, refusals: Iterable[int] = ()) -> int:
    """Return the exit code of one target's run; `refusals` are codes of gates that said no.

    `changed` says whether the target is, or may be, different from what the run found. A run that did not
    succeed is 12 where it left changes behind; a failure that left none is 11.
    """
    worst = worst_exit([*(EXIT_OF_OUTCOME[outcome] for outcome in set(outcomes)), *refusals])
    failed = EXIT_OF_OUTCOME[Outcome.FAILED]
    if worst in (0, EXIT_OF_OUTCOME[Outcome.DRIFTED]):
        return worst
    if changed:
        return failed
    return EXIT_OF_OUTCOME[Outcome.COMPENSATED] if worst == failed else worst


_SAYS_NOTHING = (None, "", ())


class Evidence(NamedTuple):
    """What was seen of one step on one target, by one run.

    `before` is the state found, `after` the state declared, `observed` the fresh look at the end. `keys` are
    the attributes that were (or are) different. `params` are those of a step that was, or may have been,
    changed: what it takes to undo it, secrets left out. `world` says what a failure may have left that no
    state shows. `refusal` is the exit code of the gate that blocked it. `event` marks what happened and was
    recorded, and left nothing that would have to be restored. `guard` is how it ended for a step that goes
    back by itself unless it is confirmed: confirmed, taken back, or armed where that is not known; `confirm`
    is within how many seconds, whether it is done or taken back. `marks` are, by duty, what a look found
    after the change at who owes something because of it, and `settled` what a look found where it is done;
    see cutter.model.obligations.
    """

    step: str
    type: str
    content_hash: str
    outcome: Outcome
    before: Optional[State] = None
    after: Optional[State] = None
    observed: Optional[State] = None
    keys: tuple[str, ...] = ()
    reason: str = ""
    remedy: str = ""
    outputs: Optional[Mapping[str, str]] = None
    params: Optional[Mapping[str, Any]] = None
    world: str = ""
    refusal: Optional[int] = None
    event: Optional[bool] = None
    guard: str = ""
    confirm: Optional[int] = None
    marks: Optional[Mapping[str, str]] = None
    settled: Optional[Mapping[str, str]] = None

    @property
    def touched(self) -> bool:
        """Tell whether the target is, or may be, different from what the step found."""
        if self.outcome is Outcome.FAILED:
            return self.observed != self.before or bool(self.world)
        if self.outcome is Outcome.COMPENSATED:
            return self.observed != self.before
        return self.outcome in (Outcome.CHANGED, Outcome.UNKNOWN)

    @property
    def refused(self) -> bool:
        """Tell whether it was never begun, for a reason that has an exit code of its own."""
        return self.refusal is not None and self.outcome in (Outcome.BLOCKED, Outcome.UNOBSERVABLE)

    def body(self) -> dict[str, Any]:
        """Return the canonical ledger body: what says nothing is left out, a missing state is null."""
        told: dict[str, Any] = {
            name: value for name, value in zip(self._fields, self) if value not in _SAYS_NOTHING
        }
        told["outcome"] = self.outcome.value
        if self.keys:
            told["keys"] = sorted(self.keys)
        told.setdefault("observed", None)
        if self.outcome is not Outcome.OK:
            told.setdefault("before", None)
            told.setdefault("after", None)
        return told
