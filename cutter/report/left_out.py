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


def for_nobody(plan: Plan) -> bool:
    """Tell whether no step is for any of the hosts."""
    return not any(target.steps for target in plan.targets)


def nobodys_lines(plan: Plan, *, colour: bool) -> Iterator[str]:
    """Yield a line for each step that is for none of several hosts, where all could be asked.

    Of one host that only where no step at all is for it: what is left out there by intent is no news.
    """
    if plan.targets and not plan.unseen and (len(plan.targets) > 1 or for_nobody(plan)):
        first, *others = ({each.step: each.reason for each in target.left_out} for target in plan.targets)
        for step in (step for step in first if all(step in other for other in others)):
            mark = paint("  -", "faint", colour=colour)
            yield f"{mark} {printable(step)} is for none of these hosts: {printable(first[step])}"
