"""A runbook file to a Runbook: read, validated, cross-checked; every problem of the file at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cutter.language.confirm import KEY as CONFIRM
from cutter.language.confirm import confirm_of, confirm_problems
from cutter.language.connection_words import elsewhere_problems
from cutter.language.ids import slug
from cutter.language.kill_switch import kill_switch_of, kill_switch_problems
from cutter.language.place_checks import place_problems
from cutter.language.places import Places
from cutter.language.problems import Complaints, InvalidDocuments, Problem
from cutter.language.serial import serial_of, serial_problems
from cutter.language.step_checks import StepChecks, type_key
from cutter.language.step_hosts import HOSTS, KEYS, WHEN, terms_of
from cutter.language.strict_yaml import Document, read_file_and_bytes
from cutter.language.validate import judged
from cutter.language.vars_checks import vars_problems
from cutter.model.canonical import digest
from cutter.model.runbook import Position, Runbook, Step

LISTS = ("preflight", "steps")
_OWN_KEYS = frozenset({"name", "id", "for_each", "irreversible", "provided_by", CONFIRM, *KEYS})


def load_runbook(path: str | os.PathLike[str]) -> Runbook:
    """Return the runbook in a file, whose name stays as it was given. Raises InvalidDocuments."""
    document, text = read_file_and_bytes(path)
    problems = judged(document, text, "runbook")
    value = document.value if isinstance(document.value, dict) else {}
    steps = {name: list(_steps(document, value, name)) for name in LISTS}
    if not problems and not _whole(value, steps):
        problems = judged(document, text, "runbook", believe=False)
    complaints = [*problems, *_cross_checked(document, value, steps)]
    if complaints:
        raise InvalidDocuments(_one_per_place(complaints))
    return Runbook(
        name=value["runbook"],
        title=value["title"],
        path=os.fspath(path),
        hosts=value.get("hosts", "all"),
        variables=value.get("vars", {}),
        preflight=tuple(steps["preflight"]),
        steps=tuple(steps["steps"]),
        on_failure=value.get("on_failure", "stop"),
        digest=digest("runbook", value),
        place=document.position(("database",) if "database" in value else ("runbook",)),
        database=value.get("database", ""),
        kill_switch=kill_switch_of(value, steps["steps"]),
        serial=serial_of(value),
        max_fail=value.get("max_fail", 0),
    )


def _whole(value: Mapping[str, Any], steps: Mapping[str, list[Step]]) -> bool:
    """Tell whether nothing was lost on the way from the document to its steps."""
    texts = all(isinstance(value.get(key), str) for key in ("runbook", "title"))
    texts = texts and isinstance(value.get("hosts", ""), str) and isinstance(value.get("vars", {}), dict)
    lists = [(value.get(name, []), steps[name]) for name in LISTS]
    return (
        texts
        and "steps" in value
        and all(isinstance(raw, list) and len(raw) == len(found) for raw, found in lists)
    )


def load_runbooks(paths: Iterable[str | os.PathLike[str]]) -> tuple[Runbook, ...]:
    """Return several runbooks. Raises InvalidDocuments once, with the problems of all of them."""
    complaints = Complaints()
    loaded = [complaints.attempt(load_runbook, path) for path in paths]
    complaints.settle()
    return tuple(runbook for runbook in loaded if runbook is not None)


def variable_places(path: str) -> Mapping[str, Position]:
    """Return where each variable of a runbook that loads gets its value."""
    document, _ = read_file_and_bytes(path)
    return {name: document.position(("vars", name)) for name in document.value.get("vars", {})}


def _steps(document: Document, value: Mapping[str, Any], name: str) -> Iterator[Step]:
    """Yield the steps of a list that are well-formed enough to be checked further."""
    listed = value.get(name)
    for index, raw in enumerate(listed if isinstance(listed, list) else []):
        kind = type_key(raw, _OWN_KEYS) if isinstance(raw, dict) else ""
        if kind and isinstance(raw.get("name"), str):
            yield _step(document, (name, index), raw, kind)


def _step(document: Document, path: tuple[object, ...], raw: Mapping[str, Any], kind: str) -> Step:
    params = raw[kind]
    return Step(
        id=raw["id"] if isinstance(raw.get("id"), str) else slug(raw["name"]),
        name=raw["name"],
        type=kind,
        params=params if isinstance(params, dict) else {},
        place=document.position(path),
        places=Places(document, path),
        for_each=raw.get("for_each"),
        irreversible=raw.get("irreversible"),
        provided_by=raw.get("provided_by"),
        confirm=confirm_of(raw),
        hosts=raw[HOSTS] if isinstance(raw.get(HOSTS), str) else "",
        when=terms_of(raw.get(WHEN)),
    )


def _cross_checked(
    document: Document, value: Mapping[str, Any], steps: Mapping[str, list[Step]]
) -> Iterator[Problem]:
    yield from vars_problems(document, value.get("vars"), ("vars",), steps["steps"])
    yield from elsewhere_problems(document, value.get("vars"), ("vars",))
    yield from kill_switch_problems(document, value, steps["steps"])
    yield from serial_problems(document, value)
    yield from confirm_problems(document, value, steps["steps"])
    yield from place_problems(document, value, [*steps["preflight"], *steps["steps"]])
    seen: dict[str, Step] = {}
    for name in LISTS:
        checks = StepChecks(document, seen, steps[name])
        for step in steps[name]:
            yield from checks.problems(step)


def _one_per_place(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems, but of several that say the same about one place only the first."""
    seen = set()
    for problem in problems:
        if (problem.position, problem.what) not in seen:
            seen.add((problem.position, problem.what))
            yield problem
