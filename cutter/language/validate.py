"""A document against its schema: every problem of its YAML and of its shape, with place and suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cutter.language import valid_cache
from cutter.language.problems import Problem, shown
from cutter.language.strict_yaml import Document
from cutter.model.runbook import ValuePath


def judged(document: Document, text: bytes, schema: str) -> list[Problem]:
    """Return every problem of a document of a kind (runbook, hosts, environment, vars, gap-matrix).

    `text` is what it was read from: bytes that were found valid before are not judged again.
    """
    flawless = not document.problems and not document.doubts
    name = valid_cache.name_of(schema, text)
    if flawless and valid_cache.known(name):
        return []
    found = list(_shape(document, schema))
    if flawless and not found:
        valid_cache.remember(name)
    return [*document.problems, *_with_doubts(document, found)]


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
            suggestion=problem.suggestion or doubt.suggestion,
            advice=doubt.advice,
        )
    yield from (doubt for path, doubt in document.doubts.items() if path not in told)


def _shape(document: Document, schema: str) -> Iterator[tuple[ValuePath, Problem]]:
    from jsonschema import Draft202012Validator

    from cutter.language.schema import schema_of
    from cutter.language.shape_faults import faults

    if document.value is None:
        if schema not in {"vars", "hosts"}:
            yield (), document.problem((), "the document is empty")
            return
    validator = Draft202012Validator(schema_of(schema))
    for error in validator.iter_errors(document.value):
        for fault in faults(error):
            offending = fault.offending or _offending(document.value, fault.path)
            yield fault.path, document.problem(
                fault.path,
                fault.what,
                key=fault.at_key,
                offending=offending,
                suggestion=fault.suggestion,
                advice=fault.advice,
            )


def _offending(value: Any, path: ValuePath) -> str:
    for part in path:
        if not isinstance(value, (dict, list)) or (isinstance(value, dict) and part not in value):
            return str(part)
        value = value[part]  # type: ignore[index]
    return value if isinstance(value, str) else shown(value)
