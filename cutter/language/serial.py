"""The runbook-level keys `serial:` and `max_fail:`: waves of hosts, and how many of them may fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cutter.language.problems import Problem
from cutter.language.strict_yaml import Document

SERIAL, MAX_FAIL = "serial", "max_fail"
PART = r"^([1-9][0-9]?|100)%$"
PART_OR_NONE = r"^(0|[1-9][0-9]?|100)%$"
_WAVE = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": PART}]}
SCHEMA: Mapping[str, Mapping[str, Any]] = {
    SERIAL: {
        "description": "How many hosts are in a wave, like 10 or 20%, or a list of these, of which the last "
        "repeats. A wave begins when the one before has ended well.",
        "anyOf": [*_WAVE["anyOf"], {"type": "array", "minItems": 1, "items": _WAVE}],
    },
    MAX_FAIL: {
        "description": "How many hosts, or what part of all, may fail before no other wave begins.",
        "default": 0,
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": PART_OR_NONE}],
    },
}


def serial_of(value: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Return the sizes of waves, in order; none where all hosts are one wave."""
    said = value.get(SERIAL, ())
    return tuple(said) if isinstance(said, list | tuple) else (said,)


def serial_problems(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with them beyond their shape, which the schema judges."""
    if MAX_FAIL in value and SERIAL not in value:
        what = "without serial: all hosts begin at once, and there is no other wave to hold back"
        yield document.problem((MAX_FAIL,), what, key=True, offending=MAX_FAIL, advice="add serial: 10")
    if SERIAL in value and "database" in value:
        what = "waves are of hosts, and this runbook acts on a database"
        yield document.problem((SERIAL,), what, key=True, offending=SERIAL)
