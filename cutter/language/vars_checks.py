"""What a schema cannot say about variables: reserved names, and references that nothing can resolve."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from cutter.language.problems import Problem
from cutter.language.reference_checks import faults, reference_texts
from cutter.language.strict_yaml import Document
from cutter.model.runbook import Step, ValuePath

BUILTIN = ("environment", "inventory_dir", "inventory_hostname", "project_dir", "runbook_dir")
RESERVED = frozenset({*BUILTIN, "facts", "steps", "item"})


def vars_problems(
    document: Document, found: Any, path: ValuePath, steps: Collection[Step] = ()
) -> Iterator[Problem]:
    """Yield the problems of a mapping of variables; `steps` are those whose outputs they may name."""
    if not isinstance(found, dict):
        return
    for name in found:
        if name in RESERVED:
            what = f"{name!r} is a name that cutter gives itself"
            yield document.problem(
                (*path, name), what, key=True, offending=name, advice="choose another name"
            )
    by_id = {step.id: step for step in steps}
    for below, text in reference_texts(found):
        for fault in faults(text, by_id, {}, in_loop=False):
            yield document.problem(
                (*path, *below),
                fault.what,
                offending=fault.offending,
                suggestion=fault.suggestion,
                advice=fault.advice,
            )
