"""Steps that are not for a host: how many on each, and those that are for none of them."""

from __future__ import annotations

from collections.abc import Iterator

from cutter.model.plan import Plan, TargetPlan
from cutter.report.style import paint, printable

_NAMED = 3


def left_out_words(target: TargetPlan) -> str:
    """Return how many steps are not for a host, and the first of them; nothing where all are."""
    names = [printable(each.step) for each in target.left_out]
    if not names:
        return ""
    shown = ", ".join(names[:_NAMED]) + (", ..." if names[_NAMED:] else "")
    return f"; {len(names)} left out ({shown})"


def nobodys_lines(plan: Plan, *, colour: bool) -> Iterator[str]:
    """Yield a line for each step that is for none of several hosts, where all could be asked."""
    if len(plan.targets) > 1 and not plan.unseen:
        first, *others = ({each.step: each.reason for each in target.left_out} for target in plan.targets)
        for step in (step for step in first if all(step in other for other in others)):
            mark = paint("  -", "faint", colour=colour)
            yield f"{mark} {printable(step)} is for none of these hosts: {printable(first[step])}"
