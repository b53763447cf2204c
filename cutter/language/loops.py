"""The items of a `for_each`: each has a key, which names its step, and a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from cutter.language.bind_problems import StepProblems
from cutter.language.problems import shown
from cutter.model.references import lookup_in
from cutter.model.runbook import Step
from cutter.named_tuple import NamedTuple

_KEY = re.compile(r"[A-Za-z0-9_.\-/]+")


class Item(NamedTuple):
    """One item; of a list of texts, key and value are the text."""

    key: str
    value: Any

    def plain(self) -> dict[str, Any]:
        """Return the item as a template sees it."""
        return {"key": self.key, "value": self.value}

    def lookup(self, outer: Callable[[str], Any]) -> Callable[[str], Any]:
        """Return a lookup that knows this item beside everything else."""
        scope = {"item": self.plain()}
        return lambda name: lookup_in(scope, name) if name.partition(".")[0] == "item" else outer(name)

    def name(self, resolved: Any, declared: str) -> str:
        """Return the name of this item's step: as declared when it speaks of the item, else with the key."""
        return str(resolved) if "item." in declared else f"{resolved} [{self.key}]"


def items(value: Any, step: Step, tell: StepProblems) -> Iterator[Item]:
    """Yield the items of a resolved `for_each`; what cannot be one is a problem."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = [(item, item) for item in value]
    else:
        tell.add(
            ("for_each",), f"{shown(value)} is neither a mapping nor a list of texts", offending=str(value)
        )
        return
    seen = set()
    for index, (key, item) in enumerate(pairs):
        path = ("for_each", key if isinstance(value, dict) else index)
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            tell.add(
                path, f"{shown(key)} cannot name an item: letters, digits and _ . - / can", offending=str(key)
            )
        elif key in seen:
            tell.add(path, f"the item {key!r} is given twice", offending=key)
        else:
            seen.add(key)
            yield Item(key, item)
    del step
