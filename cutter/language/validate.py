"""A document against its schema: every problem of its YAML and of its shape, with place and suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cutter.language import valid_cache
from cutter.language.problems import Problem, shown
from cutter.language.strict_yaml import Document
from cutter.model.runbook import ValuePath

if TYPE_CHECKING:  # the words for faults are needed only when there is one
    from cutter.language.shape_faults import ShapeFault


def judged(document: Document, text: bytes, schema: str, *, believe: bool = True) -> list[Problem]:
    """Return every problem of a document of a kind (runbook, hosts, environment, vars, gap-matrix).

    `text` is what it was read from: bytes that were found valid before are not judged again, unless what is
    remembered is not to be believed.
    """
    flawless = not document.problems and not document.doubts
    name = valid_cache.name_of(schema, text)
    if flawless and believe and valid_cache.known(name):
        return []
    found = list(_shape(document, schema))
    if flawless and not found:
        valid_cache.remember(name)
    said = {problem.position for problem in document.problems}
    rest = [problem for problem in _with_doubts(document, found) if problem.position not in said]
    return [*document.problems, *rest]


def _with_doubts(document: Document, found: Iterable[tuple[ValuePath, Problem]]) -> Iterator[Problem]:
    """Yield the problems of the shape, and the doubts: joined where both speak of one value."""
    told = set()
    for path, problem in found:
        doubt = document.doubts.get(path)
        if doubt is None:
            yield problem
            continue
        told.add(path)
        yield Problem(
            problem.position,
            problem.where,
            problem.what,
            offending=doubt.offending,
            suggestion=doubt.suggestion or problem.suggestion,
            advice=doubt.advice,
        )
    yield from (doubt for path, doubt in document.doubts.items() if path not in told)


def _shape(document: Document, schema: str) -> Iterator[tuple[ValuePath, Problem]]:
    from jsonschema import Draft202012Validator

    from cutter.language.schema import schema_of
    from cutter.language.shape_faults import faults

    if document.value is None and schema not in {"vars", "hosts"}:
        yield (), document.problem((), "the document is empty")
        return
    validator = Draft202012Validator(schema_of(schema))
    found = [fault for error in validator.iter_errors(document.value) for fault in faults(error)]
    misspelled = {(*fault.path[:-1], fault.suggestion) for fault in found if fault.at_key}
    for fault in found:
        if (*fault.path, fault.missing) not in misspelled:
            yield fault.path, _problem(document, fault)


def _problem(document: Document, fault: ShapeFault) -> Problem:
    return document.problem(
        fault.path,
        fault.what,
        key=fault.at_key,
        offending=fault.offending or _offending(document.value, fault.path),
        suggestion=fault.suggestion,
        advice=fault.advice,
    )


def _offending(value: Any, path: tuple[Any, ...]) -> str:
    for part in path:
        if not isinstance(value, (dict, list)) or (isinstance(value, dict) and part not in value):
            return str(part)
        value = value[part]
    return value if isinstance(value, str) else shown(value)
