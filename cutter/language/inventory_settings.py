"""One setting of an inventory's own files: its references to the few names that are known there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutter.language.problems import Problem, nearest
from cutter.language.strict_yaml import Document
from cutter.model.references import BadReference, Unresolved, lookup_in, resolve
from cutter.model.runbook import ValuePath


def setting(
    problems: list[Problem], own: Document | None, path: ValuePath, value: Any, named: Mapping[str, str]
) -> Any:
    """Return a value with its references resolved; as it is, and a problem, when one is not known."""
    try:
        return resolve(value, lambda name: lookup_in(named, name))
    except (Unresolved, BadReference) as error:
        if own is not None:
            meant = nearest(error.name, named) if isinstance(error, Unresolved) else ""
            what = f"{error.name!r} is not known here" if isinstance(error, Unresolved) else str(error)
            advice = f"known are {', '.join(named)}"
            problems.append(own.problem(path, what, offending=str(value), suggestion=meant, advice=advice))
        return value
