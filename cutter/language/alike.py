"""Steps that are the same on several hosts are bound once: what they ask of each has the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cutter.model.references import BadReference, Unresolved
from cutter.model.runbook import BoundStep, ValuePath
from cutter.named_tuple import NamedTuple

Lookup = Callable[[str], Any]
_COMPARED = (str, int)
"""Of these exact types two answers can be compared at no cost; 1 is not true."""


class Asked:
    """A lookup that notes what was asked of it, and the answers."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.answers: dict[str, Any] = {}

    def __call__(self, name: str) -> Any:
        """Return what a reference stands for."""
        found = self.answers[name] = self._lookup(name)
        return found


class _Kept(NamedTuple):
    answers: Mapping[str, Any]
    bound: tuple[BoundStep, ...]


class Alike:
    """What each step of one runbook came to on the host before; for one command, and one digest key."""

    def __init__(self) -> None:
        self._kept: dict[ValuePath, _Kept] = {}

    def find(self, path: ValuePath, lookup: Lookup) -> tuple[BoundStep, ...] | None:
        """Return what the step at a path comes to here too; None where an answer differs, or may."""
        kept = self._kept.get(path)
        try:
            same = kept is not None and all(_same(lookup(name), said) for name, said in kept.answers.items())
        except (Unresolved, BadReference, ValueError):  # whoever binds it anew tells of it
            return None
        return kept.bound if kept is not None and same else None

    def keep(self, path: ValuePath, answers: Mapping[str, Any], bound: tuple[BoundStep, ...]) -> None:
        """Keep what a step has come to with these answers, and with nothing else of its host."""
        if all(type(said) in _COMPARED for said in answers.values()):
            self._kept[path] = _Kept(answers, bound)
        else:
            self._kept.pop(path, None)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
