"""What a schema cannot say about steps: ids, loops, references, reasons."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cutter.language.ids import ID_PATTERN
from cutter.language.listening import listened
from cutter.language.places import Places
from cutter.language.problems import Problem
from cutter.language.reference_checks import Fault, faults, listened_fault, reference_texts
from cutter.language.step_hosts import KEYS as WHICH_HOSTS
from cutter.language.strict_yaml import Document
from cutter.model.runbook import Step, ValuePath
from cutter.resources import resource_type

_ITEM_KEY = re.compile(r"[A-Za-z0-9_.\-/]+")


def type_key(raw: Mapping[str, Any], own: Collection[str]) -> str:
    """Return the one key of a step that names a type; empty when there is none, or more than one."""
    kinds = [key for key in raw if key not in own]
    return kinds[0] if len(kinds) == 1 else ""


class StepChecks:
    """The checks of one list of steps; `seen` gathers the steps by id, also those of an earlier list."""

    def __init__(self, document: Document, seen: dict[str, Step], steps: Collection[Step]) -> None:
        """Take the document, the ids of earlier lists and all steps of this one."""
        self.document = document
        self.seen = seen
        self.earlier: dict[str, Step] = {}
        self.all = {step.id: step for step in steps}

    def problems(self, step: Step) -> Iterator[Problem]:
        """Yield the problems of the next step, in the order of the file."""
        path = step.places.path if isinstance(step.places, Places) else ()
        yield from self._id_problems(step, path)
        yield from self._loop_problems(step, path)
        yield from self._reference_problems(step, path)
        yield from self._reason_problems(step, path)
        yield from self._duty_problems(step, path)
        self.earlier.setdefault(step.id, step)

    def _id_problems(self, step: Step, path: ValuePath) -> Iterator[Problem]:
        key = "id" if ("id" in self._raw(path)) else "name"
        if not step.id and key == "name":
            yield self.document.problem(
                (*path, key),
                "no id can be made from this name",
                advice="give the step an id",
                offending=step.name,
            )
        elif step.id in self.seen:
            first = self.seen[step.id].place
            what = f"the id {step.id!r} is already taken by the step at {first.line}:{first.column}"
            yield self.document.problem(
                (*path, key), what, offending=step.id, advice="give one of them another id"
            )
        elif re.search(ID_PATTERN, step.id):
            self.seen[step.id] = step

    def _raw(self, path: ValuePath) -> Mapping[str, Any]:
        value = self.document.value
        for part in path:
            value = value[part]
        return value if isinstance(value, dict) else {}

    def _loop_problems(self, step: Step, path: ValuePath) -> Iterator[Problem]:
        items = step.for_each
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, str) and "{{" not in item and not _ITEM_KEY.fullmatch(item):
                what = f"{item!r} cannot name an item: letters, digits and _ . - / can"
                advice = "use a mapping, and put this into its value"
                yield self.document.problem((*path, "for_each", index), what, offending=item, advice=advice)

    def _reference_problems(self, step: Step, path: ValuePath) -> Iterator[Problem]:
        raw = self._raw(path)
        for below, text in reference_texts(raw):
            if below[0] in {"id", "provided_by", *WHICH_HOSTS}:
                yield self.document.problem(
                    (*path, *below), "references are not allowed here", offending=text
                )
                continue
            in_loop = step.for_each is not None and below[0] != "for_each"
            for fault in faults(text, self.earlier, self.all, in_loop=in_loop):
                yield self._told(fault, (*path, *below))

    def _duty_problems(self, step: Step, path: ValuePath) -> Iterator[Problem]:
        """Yield the ids of steps to listen to that are not those of earlier ones."""
        for below, wanted in listened(step):
            fault = listened_fault(wanted, step, self.earlier, self.all)
            if fault is not None:
                yield self._told(fault, (*path, *below))

    def _told(self, fault: Fault, path: ValuePath) -> Problem:
        return self.document.problem(
            path, fault.what, offending=fault.offending, suggestion=fault.suggestion, advice=fault.advice
        )

    def _reason_problems(self, step: Step, path: ValuePath) -> Iterator[Problem]:
        if step.irreversible is not None or path[0] != "steps":
            return
        try:
            needed = resource_type(step.type).needs_reason(step.params)
        except (LookupError, TypeError, AttributeError):  # the schema says what is wrong with it
            return
        if needed:
            what = f"a {step.type} step that cannot be undone must say why that is acceptable"
            yield self.document.problem(
                (*path, step.type),
                what,
                key=True,
                offending=step.type,
                advice="add irreversible: REASON beside it",
            )
