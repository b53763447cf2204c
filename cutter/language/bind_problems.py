"""What goes wrong while one step is bound, told at the parameter's place in the runbook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cutter.errors import CutterError
from cutter.language.desk_faults import DeskFault
from cutter.language.problems import Problem, nearest, where_text
from cutter.language.variables import Cycle, missing_text
from cutter.model.references import BadReference, Unresolved, resolve
from cutter.model.runbook import Step, ValuePath
from cutter.model.when import LeftOut
from cutter.resource import Complaint


class StepProblems:
    """The problems of one step; `problems` holds them in the order they were found."""

    def __init__(self, step: Step, path: ValuePath) -> None:
        """Take the step, and its path from the top of the runbook."""
        self.step = step
        self.path = path
        self.problems: list[Problem] = []

    def add(
        self, path: ValuePath, what: str, *, offending: str = "", suggestion: str = "", advice: str = ""
    ) -> None:
        """Remember a problem at a path below the step; the same one is remembered once."""
        position = self.step.places[path]
        where = where_text((*self.path, *path))
        problem = Problem(position, where, what, offending, suggestion, advice)
        if problem not in self.problems:
            self.problems.append(problem)

    def attempt(self, path: ValuePath, act: Callable[..., Any], *args: Any) -> Any:
        """Return what the call returns; None, and a problem, when a reference in it cannot be followed."""
        try:
            return act(*args)
        except Unresolved as missing:
            what, suggestion = missing_text(missing)
            self.add(path, what, offending=missing.name, suggestion=suggestion)
        except Cycle as cycle:
            self.add(path, f"these variables need each other: {cycle}", offending=str(cycle))
        except BadReference as bad:
            self.add(path, str(bad), offending=str(args[0]))
        return None

    def resolved(self, path: ValuePath, value: Any, lookup: Callable[[str], Any]) -> Any:
        """Return a value with its references followed; each text that fails is a problem of its own place."""
        if isinstance(value, dict):
            return {key: self.resolved((*path, key), item, lookup) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolved((*path, index), item, lookup) for index, item in enumerate(value)]
        if isinstance(value, str) and ("{{" in value or "}}" in value):
            return self.attempt(path, resolve, value, lookup)
        return value

    def complaints(self, found: Iterable[Complaint]) -> bool:
        """Remember what a type says about its parameters; True when it says anything."""
        said = list(found)
        for complaint in said:
            path = (self.step.type, *complaint.path)
            offending = _text_at(self.step.params, complaint.path) or self.step.type
            self.add(path, complaint.message, offending=offending)
        return bool(said)

    def internal(self, names: Iterable[str]) -> None:
        """Remember parameters that no runbook may set."""
        for name in names:
            self.add((self.step.type, name), f"unknown key {name!r}", offending=name)

    def fault(self, error: CutterError) -> None:
        """Remember what the controller could not offer, at the text that asked for it."""
        asked = error.asked if isinstance(error, DeskFault) else ""
        advice = error.advice if isinstance(error, DeskFault) else error.remedy
        path = _path_of(self.step.params, asked, (self.step.type,)) if asked else None
        self.add(path or (self.step.type,), error.cause, offending=asked, advice=advice)

    def senseless(self, error: Exception) -> None:
        """Remember parameters that the type itself could not make sense of."""
        self.add((self.step.type,), f"these parameters make no sense together: {type(error).__name__}")

    def unknown_step(self, name: str, known: Mapping[str, str]) -> None:
        """Remember a step's output that is not there when this step runs."""
        owner, _, output = name.split(".", 1)[1].rpartition(".")
        meant = nearest(owner, known)
        path = _path_of(self.step.params, name, (self.step.type,)) or (self.step.type,)
        suggestion = f"steps.{meant}.{output}" if meant else ""
        self.add(path, f"there is no earlier step {owner!r} here", offending=name, suggestion=suggestion)

    def left_out_step(self, name: str, left_out: LeftOut, host: str) -> None:
        """Remember an output of a step that is not for this host, so that nothing here can give it."""
        path = _path_of(self.step.params, name, (self.step.type,)) or (self.step.type,)
        what = f"the step {left_out.step!r} is not for {host}: {left_out.reason}"
        self.add(path, what, offending=name, advice="give this step the same hosts")


def _text_at(value: Any, path: tuple[Any, ...]) -> str:
    """Return the text that the runbook has at a path of the parameters; the last key where there is none."""
    for part in path:
        if not isinstance(value, (dict, list)) or (isinstance(value, dict) and part not in value):
            return str(part)
        value = value[part]
    return value if isinstance(value, str) else ""


def _path_of(value: Any, text: str, path: ValuePath) -> ValuePath | None:
    """Return where a text stands inside the parameters, as the whole of a value or as a part of it."""
    if isinstance(value, str):
        return path if text in value else None
    children: Any = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    found = (_path_of(item, text, (*path, key)) for key, item in children)
    return next((place for place in found if place is not None), None)
