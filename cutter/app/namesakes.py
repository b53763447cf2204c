"""Several names of one machine in one run: what one of them came to, another may have undone since.

Machines that are copies, with one machine id, look the same from here; a second look harms neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from cutter.engine.executor import TargetResult, Work, converged
from cutter.engine.planner import plan_target
from cutter.engine.side_by_side import Strand, answers
from cutter.engine.stopping import Stop, Unheeded
from cutter.errors import CutterError
from cutter.model.evidence import Evidence, Outcome

Undone = Mapping[str, Evidence]
"""What a fresh look finds undone of the steps of a target, by their ids."""


def undone(works: Sequence[Work], results: Sequence[TargetResult], parallel: int) -> Mapping[str, Undone]:
    """Look once more at targets that were well and are one machine with another that was changed.

    Returns what does not hold any more, by target. One that cannot be looked at again keeps what it was.
    """
    named = _named(results)
    again = [work for work in works if named.get(work.plan.target)]
    known = {done.target: done.evidence for done in results}
    strands = [Strand(work.target, partial(_differing, work)) for work in again]
    found = {}
    for work, looks in zip(again, answers(strands, Unheeded(), parallel), strict=True):
        name = work.plan.target
        before = {item.step: item for item in known[name]}
        found[name] = {look.step: _said(before[look.step], look, named[name]) for look in looks}
    return found


def _named(results: Sequence[TargetResult]) -> dict[str, list[str]]:
    """Return the targets that were well, and their machines changed, with the other names of each."""
    machines: dict[str, list[TargetResult]] = {}
    for done in results:
        machines.setdefault(done.identity or done.target, []).append(done)
    several = [same for same in machines.values() if len(same) > 1 and any(each.changed for each in same)]
    return {
        done.target: [each.target for each in same if each is not done]
        for same in several
        for done in same
        if not done.exit_code and done.evidence
    }


def _differing(work: Work, stop: Stop) -> Iterator[list[Evidence]]:
    del stop
    only = [step.id for step in work.plan.steps]
    try:
        seen = list(converged(plan_target(work.bound, work.target, only=only, anew=False), work.bound))
    except CutterError:
        seen = []
    yield [item for item in seen if item.outcome is Outcome.DRIFTED]


def _said(before: Evidence, look: Evidence, others: Sequence[str]) -> Evidence:
    reason = f"it was undone in this run, which knows the machine as {', '.join(others)} too: {look.reason}"
    remedy = "let one name alone declare it; where they are copies, give each a machine id of its own"
    if before.outcome is Outcome.CHANGED:
        world = "it is as another name has it"
        look = before._replace(outcome=Outcome.FAILED, observed=look.observed, world=world)
    return look._replace(reason=reason, remedy=remedy)
