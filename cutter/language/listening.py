"""Which steps a step listens to, by restart_on and the like, as the file says."""

from __future__ import annotations

from collections.abc import Iterator

from cutter.model.runbook import Step, ValuePath
from cutter.resources import resource_type


def listened(step: Step) -> Iterator[tuple[ValuePath, str]]:
    """Yield the id of each step it listens to, or of one item of a loop, with its path below the step."""
    try:
        owing = resource_type(step.type).owing(step.params)
    except (LookupError, TypeError, AttributeError):  # the schema says what is wrong with it
        return
    for duty in owing:
        key = f"{duty.act}_on"
        if isinstance(step.params.get(key), list):
            yield from (((step.type, key, index), wanted) for index, wanted in enumerate(duty.on))


def step_of(wanted: str) -> str:
    """Return the id of the step in ``site``, or in ``site[item]``."""
    return wanted.partition("[")[0]
