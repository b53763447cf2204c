"""The runbook-level key `kill_switch:`: its steps exist, stand in this order, and its lease is short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cutter.language.problems import Problem, nearest
from cutter.language.strict_yaml import Document
from cutter.model.durations import seconds_of
from cutter.model.runbook import KillSwitch, Step

KEY = "kill_switch"
_EDGES = ("on_before", "off_after")
_LONGEST = "4h"


def kill_switch_of(value: Mapping[str, Any], steps: Sequence[Step]) -> KillSwitch | None:
    """Return what a runbook without problems says about the switch; None where it says nothing."""
    if KEY not in value:
        return None
    said, ids = value[KEY], [step.id for step in steps]
    first, last = (ids.index(said[edge]) for edge in _EDGES)
    return KillSwitch(said["on_before"], said["off_after"], said["lease"], tuple(ids[first : last + 1]))


def kill_switch_problems(
    document: Document, value: Mapping[str, Any], steps: Sequence[Step]
) -> Iterator[Problem]:
    """Yield what is wrong with it beyond its shape, which the schema judges."""
    said = value.get(KEY)
    if not isinstance(said, dict):
        return
    if "database" not in value:
        what = "a kill switch is one of a database, and this runbook names none"
        advice = "name one of databases.yml at the top, as database: NAME"
        yield document.problem((KEY,), what, key=True, offending=KEY, advice=advice)
    ids = [step.id for step in steps]
    named = {edge: said[edge] for edge in _EDGES if isinstance(said.get(edge), str)}
    for edge, name in named.items():
        if name not in ids:
            what = f"no step under steps: has the id {name!r}"
            yield document.problem((KEY, edge), what, offending=name, suggestion=nearest(name, ids))
    found = [ids.index(name) for name in named.values() if name in ids]
    if len(found) == len(_EDGES) and found[0] > found[1]:
        what = (
            f"{named['off_after']!r} comes before {named['on_before']!r}: it would go off before it goes on"
        )
        yield document.problem((KEY, "off_after"), what, offending=named["off_after"])
    if _is_too_long(said.get("lease")):
        what = f"a lease of {said['lease']} is too long: it is what is left when everything else fails"
        advice = f"at most {_LONGEST}, as the database allows"
        yield document.problem((KEY, "lease"), what, offending=said["lease"], advice=advice)


def _is_too_long(lease: object) -> bool:
    try:
        return isinstance(lease, str) and seconds_of(lease) > seconds_of(_LONGEST)
    except ValueError:  # the schema says so
        return False
