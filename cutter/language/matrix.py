"""The gap matrix file to a GapMatrix: declarations, checked, with the place of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from cutter.language.inventory_files import words_of
from cutter.language.problems import InvalidDocuments, Problem, nearest
from cutter.language.strict_yaml import Document, read_file_and_bytes
from cutter.language.validate import judged
from cutter.model.durations import seconds_of
from cutter.model.gaps import Baseline, GapDeclaration, GapMatrix, MatrixHeader, ObjectiveDeclaration, Steps
from cutter.model.runbook import ValuePath


def load_matrix(path: str | os.PathLike[str]) -> GapMatrix:
    """Return the matrix in a file. Raises InvalidDocuments with every problem of it.

    A runbook that an objective names need not exist; a gap that another requires must.
    """
    document, text = read_file_and_bytes(path, words_of("gap-matrix"))
    problems = [*judged(document, text, "gap-matrix"), *_cross_checked(document)]
    if problems:
        raise InvalidDocuments(problems)
    try:
        return _matrix(document)
    except (AttributeError, KeyError, TypeError, ValueError):  # valid only to a memory that was wrong
        raise InvalidDocuments(judged(document, text, "gap-matrix", believe=False)) from None


def _matrix(document: Document) -> GapMatrix:
    value = document.value
    head = value["matrix"]
    header = MatrixHeader(head["macro"], head["date_utc"], head["gate"], head.get("source", ""))
    gaps = tuple(_gap(document, ("gaps", index), gap) for index, gap in enumerate(value["gaps"]))
    return GapMatrix(header, gaps)


def _gap(document: Document, path: ValuePath, gap: Mapping[str, Any]) -> GapDeclaration:
    baseline = gap["baseline"]
    objectives = enumerate(gap.get("objectives", []))
    return GapDeclaration(
        id=gap["id"],
        title=gap["title"],
        finding=_lines(gap.get("finding", "")),
        done=_lines(gap.get("done", "")),
        residue=_lines(gap.get("residue", "")),
        venue=gap.get("venue", ""),
        next_package=_lines(gap.get("next_package", "")),
        blocks=gap["blocks_first_production_run"],
        reason=gap["reason"],
        requires=tuple(gap.get("requires", ())),
        max_age_seconds=_seconds(gap.get("evidence_max_age", "none")),
        pre=_status(baseline["pre"], baseline["as_of"]),
        post=_status(baseline["post"], baseline["as_of"]),
        objectives=tuple(
            _objective(document, (*path, "objectives", index), found) for index, found in objectives
        ),
        place=document.position((*path, "id")),
    )


def _objective(document: Document, path: ValuePath, found: Mapping[str, Any]) -> ObjectiveDeclaration:
    steps = found["steps"]
    named: Steps = "all" if steps == "all" else tuple(steps)
    return ObjectiveDeclaration(found["runbook"], named, found.get("proof", False), document.position(path))


def _status(found: Mapping[str, Any], as_of: str) -> Baseline:
    return Baseline(found["status"], found.get("note", ""), as_of)


def _lines(found: str | list[str]) -> str:
    return found if isinstance(found, str) else "\n".join(found)


def _seconds(age: str) -> int | None:
    return None if age == "none" else seconds_of(age)


def _cross_checked(document: Document) -> Iterator[Problem]:
    """Yield gaps with one id, and required gaps that are not there or require each other."""
    value = document.value if isinstance(document.value, dict) else {}
    listed = value.get("gaps")
    gaps = [gap if isinstance(gap, dict) else {} for gap in (listed if isinstance(listed, list) else [])]
    requires = {gap["id"]: gap.get("requires") for gap in gaps if isinstance(gap.get("id"), str)}
    seen: set[str] = set()
    for index, gap in enumerate(gaps):
        name = gap.get("id")
        if isinstance(name, str):
            if name in seen:
                yield document.problem(
                    ("gaps", index, "id"), f"the gap {name!r} is declared twice", offending=name
                )
            seen.add(name)
            yield from _required(document, index, name, requires)


def _required(document: Document, index: int, name: str, requires: Mapping[str, Any]) -> Iterator[Problem]:
    found = requires[name]
    for place, other in enumerate(found if isinstance(found, list) else []):
        path = ("gaps", index, "requires", place)
        if isinstance(other, str) and other not in requires:
            meant = nearest(other, requires)
            yield document.problem(path, f"there is no gap {other!r}", offending=other, suggestion=meant)
        elif isinstance(other, str) and name in _needed(other, requires):
            yield document.problem(
                path, f"the gaps {name!r} and {other!r} require each other", offending=other
            )


def _needed(name: str, requires: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        gap = waiting.pop()
        if gap not in found:
            found.add(gap)
            below = requires.get(gap)
            waiting.extend(
                item for item in (below if isinstance(below, list) else []) if isinstance(item, str)
            )
    return found
