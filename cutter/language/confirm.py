"""The key of steps `confirm:`: what goes back by itself unless a fresh connection confirms it in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cutter.language.listening import listened, step_of
from cutter.language.problems import Problem
from cutter.language.strict_yaml import Document
from cutter.model.durations import PATTERN, seconds_of
from cutter.model.runbook import Step
from cutter.resources import resource_type

KEY = "confirm"
_WITHIN = "within"
_SHORTEST, _LONGEST = 2, 3_600
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [_WITHIN],
    "description": "The target takes the step back by itself, unless cutter reaches it anew in time. Steps "
    "side by side that have this are confirmed, or taken back, together; so are a step and what it listens "
    "to, or neither has this.",
    "properties": {
        _WITHIN: {
            "type": "string",
            "pattern": PATTERN,
            "description": "How long the target waits from before the first of them, like 60s; at most 1h.",
        }
    },
}


def confirm_of(raw: Mapping[str, Any]) -> int:
    """Return within how many seconds a step is to be confirmed; 0 where it says nothing, or nonsense."""
    said = raw.get(KEY)
    try:
        return seconds_of(said[_WITHIN]) if isinstance(said, dict) else 0
    except (ValueError, KeyError, TypeError):  # the schema says so
        return 0


def confirm_problems(
    document: Document, value: Mapping[str, Any], steps: Sequence[Step]
) -> Iterator[Problem]:
    """Yield what is wrong with it beyond its shape, which the schema judges."""
    for step in steps:
        path = getattr(step.places, "path", ())
        if step.confirm:
            yield from _problems(document, value, step, (*path, KEY))
    yield from _apart(document, steps)


def _problems(
    document: Document, value: Mapping[str, Any], step: Step, path: tuple[Any, ...]
) -> Iterator[Problem]:
    within = (*path, _WITHIN)
    if not _SHORTEST <= step.confirm <= _LONGEST:
        what = "a target waits for at least 2s and at most 1h"
        said = value["steps"][path[1]][KEY][_WITHIN]
        yield document.problem(within, what, offending=said, advice="60s is enough to connect anew")
    if "database" in value:
        what = "what acts on a database cuts nobody off, and nothing there would take it back"
        yield document.problem(path, what, key=True, offending=KEY)
    elif step.irreversible is not None or _cannot_be_undone(step):
        what = "what cannot be undone cannot go back by itself"
        advice = "remove confirm:, or irreversible: and give it an undo"
        yield document.problem(path, what, key=True, offending=KEY, advice=advice)


def _cannot_be_undone(step: Step) -> bool:
    try:
        return resource_type(step.type).needs_reason(step.params)
    except (LookupError, TypeError, AttributeError):  # the schema says what is wrong with it
        return False


def _apart(document: Document, steps: Sequence[Step]) -> Iterator[Problem]:
    """Yield each step that is not under one guard with a step it listens to.

    A configuration that was confirmed before anything read it would stay, whatever it does when it is read.
    """
    guards = _guards(steps)
    for step in steps:
        for below, wanted in listened(step):
            other = step_of(wanted)
            if other not in guards or guards[other] == guards[step.id]:
                continue
            what = f"{other!r} and this step are not under one guard, and would not go back together"
            advice = "give both confirm:, and all steps between them; or neither"
            path = (*getattr(step.places, "path", ()), *below)
            yield document.problem(path, what, offending=wanted, advice=advice)


def _guards(steps: Sequence[Step]) -> Mapping[str, int]:
    """Return the number of the guard that each step is under, -1 where it is under none."""
    groups = enumerate(groupby(steps, key=lambda step: step.confirm > 0))
    return {step.id: number if guarded else -1 for number, (guarded, members) in groups for step in members}
