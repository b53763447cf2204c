"""What would happen: three answers per step, and the plan that an apply may not exceed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Optional

from cutter.model.canonical import Canonical, canonical, digest
from cutter.model.look import Look, Prediction
from cutter.model.when import LeftOut
from cutter.named_tuple import NamedTuple


class Unseen(NamedTuple):
    """Why a target could not be looked at: the cause in one line, what to do, and the exit code."""

    cause: str
    remedy: str
    exit_code: int


class PlannedStep(NamedTuple):
    """One step of a plan: what was declared (by hash), what was seen, and the answer."""

    id: str
    name: str
    type: str
    content_hash: str
    look: Look
    irreversible: Optional[str] = None
    provided_by: Optional[str] = None
    confirm: int = 0

    @property
    def pending(self) -> bool:
        """Tell whether applying may touch the target."""
        return self.look.prediction in (Prediction.CHANGE, Prediction.UNKNOWN)

    def body(self) -> dict[str, Any]:
        """Return the canonical form: everything that decides what an apply may do."""
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "content_hash": self.content_hash,
            "prediction": self.look.prediction.value,
            "before": self.look.before,
            "after": self.look.after,
            "reason": self.look.reason,
            "irreversible": self.irreversible,
            "provided_by": self.provided_by,
            **({"confirm": self.confirm} if self.confirm else {}),
        }

    @property
    def said(self) -> tuple[Any, ...]:
        """All that the body is made of; a state by which one it is, not by what it says."""
        look = self.look
        return (*self[:4], look.prediction, id(look.before), id(look.after), look.reason, *self[5:])


class TargetPlan(NamedTuple):
    """The plan for one target; `identity` tells that machine from every other.

    Of a target that could not be looked at, `unseen` says why, and each step is unobservable. `left_out` are
    the steps, also of the preflight, that are not for it, and `facts` those of it that decided. `first` says
    what an apply would do there before it can look at all; each step is unknown until then.
    """

    target: str
    identity: str
    preflight: tuple[PlannedStep, ...]
    steps: tuple[PlannedStep, ...]
    unseen: Optional[Unseen] = None
    left_out: tuple[LeftOut, ...] = ()
    facts: Mapping[str, str] = {}
    first: str = ""

    @property
    def unmet(self) -> tuple[PlannedStep, ...]:
        """Preflight steps that do not hold."""
        return tuple(step for step in self.preflight if step.look.prediction is not Prediction.NO_CHANGE)

    @property
    def blocked(self) -> tuple[PlannedStep, ...]:
        """Steps that something is in the way of."""
        return tuple(step for step in self.steps if step.look.prediction is Prediction.BLOCKED)

    @property
    def refused(self) -> tuple[PlannedStep, ...]:
        """Preflight steps that do not hold, and steps that something is in the way of."""
        return (*self.unmet, *self.blocked)

    @property
    def pending(self) -> tuple[PlannedStep, ...]:
        """The steps that would change something, or may."""
        return tuple(step for step in self.steps if step.pending)

    def without_sight(self, why: Unseen) -> TargetPlan:
        """Return this plan as it is when the target could not be looked at."""
        steps = (step._replace(look=Look(step.id, Prediction.UNOBSERVABLE)) for step in self.steps)
        return TargetPlan(self.target, self.identity, (), tuple(steps), why)

    def waiting_for(self, first: str) -> TargetPlan:
        """Return this plan as it is when something is to be done there before anybody can look."""
        unknown = partial(Look, prediction=Prediction.UNKNOWN, reason=first)
        steps = (step._replace(look=unknown(step.id)) for step in self.steps)
        return TargetPlan(self.target, "", (), tuple(steps), first=first)

    def body(self, step_body: Callable[[PlannedStep], Any] = PlannedStep.body) -> dict[str, Any]:
        """Return the canonical form; `step_body` returns that of a step."""
        return {
            "target": self.target,
            "identity": self.identity,
            "preflight": list(map(step_body, self.preflight)),
            "steps": list(map(step_body, self.steps)),
            **({"unseen": self.unseen._asdict()} if self.unseen else {}),
            **({"first": self.first} if self.first else {}),
            **({"left_out": [each.body() for each in self.left_out]} if self.left_out else {}),
            **({"facts": dict(self.facts)} if self.facts else {}),
        }


class Plan(NamedTuple):
    """What one runbook would do in one environment, as far as can be seen before doing it."""

    environment: str
    runbook: str
    runbook_digest: str
    targets: tuple[TargetPlan, ...]

    @property
    def pending(self) -> int:
        """How many steps would change something, or may, on all targets."""
        return sum(len(target.pending) for target in self.targets)

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """Why targets could not be looked at, one for each such target."""
        return tuple(target.unseen for target in self.targets if target.unseen is not None)

    @property
    def digest(self) -> str:
        """The digest over the canonical body."""
        return digest("plan", self.body(_once()))

    def body(self, step_body: Callable[[PlannedStep], Any] = PlannedStep.body) -> dict[str, Any]:
        """Return the canonical form of the plan; `step_body` returns that of a step."""
        return {
            "environment": self.environment,
            "runbook": self.runbook,
            "runbook_digest": self.runbook_digest,
            "targets": [target.body(step_body) for target in self.targets],
        }


def _once() -> Callable[[PlannedStep], Canonical]:
    """Return what writes the canonical text of steps, once for those that are the same on several targets."""
    known: dict[tuple[Any, ...], Canonical] = {}

    def written(step: PlannedStep) -> Canonical:
        said = step.said
        text = known.get(said)
        if text is None:
            text = known[said] = Canonical(canonical(step.body()).decode("ascii"))
        return text

    return written
