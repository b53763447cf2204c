"""Where the steps of a runbook may act: on hosts, or on one database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cutter.language.places import Places
from cutter.language.problems import Problem
from cutter.language.step_hosts import HOSTS, WHEN
from cutter.language.strict_yaml import Document
from cutter.model.runbook import Step
from cutter.resources import place_of


def place_problems(document: Document, value: Mapping[str, Any], steps: Sequence[Step]) -> Iterator[Problem]:
    """Yield what is wrong with where a runbook acts: on both, or with a step that belongs elsewhere."""
    if "hosts" in value and "database" in value:
        what = "a runbook acts on hosts or on a database, not on both"
        yield document.problem(("hosts",), what, key=True, offending="hosts", advice="make it two runbooks")
    wanted = "controller" if "database" in value else "target"
    for step in steps:
        if "database" in value:
            yield from _of_hosts_alone(document, step)
        place = place_of(step.type)
        if place and place != wanted:
            yield _misplaced(document, step, place)


def _of_hosts_alone(document: Document, step: Step) -> Iterator[Problem]:
    """Yield what tells hosts apart, where there are none."""
    path = step.places.path if isinstance(step.places, Places) else ()
    for key in [HOSTS] * bool(step.hosts) + [WHEN] * bool(step.when):
        what = f"{key} tells hosts apart, and this runbook acts on a database"
        yield document.problem((*path, key), what, key=True, offending=key, advice="leave it out")


def _misplaced(document: Document, step: Step, place: str) -> Problem:
    path = step.places.path if isinstance(step.places, Places) else ()
    if place == "controller":
        what = f"a {step.type} step acts on a database, and this runbook names none"
        advice = "name one of databases.yml at the top, as database: NAME"
    else:
        what, advice = f"a {step.type} step acts on a host, and this runbook acts on a database", "move it"
    return document.problem((*path, step.type), what, key=True, offending=step.type, advice=advice)
