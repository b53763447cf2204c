"""Imports from memory what was carried to a target. Travels, and is loaded before all else there."""

from __future__ import annotations

import marshal
import sys
from _frozen_importlib import ModuleSpec  # what importlib calls it takes a millisecond to import
from collections.abc import Mapping, Sequence
from types import CodeType, ModuleType
from typing import Optional, Union

UNPACK = (
    'e=marshal.loads(zlib.decompress(d));c=e["cutter.agent.carried"];n={};'
    'exec(c if isinstance(c,str)else marshal.loads(c),n);n["carry"](d,e)'
)
"""Python that makes importable what `d` holds packed; it needs marshal and zlib."""
Entries = Mapping[str, Union[str, bytes]]
"""Modules by name, a package's own as `NAME.__init__`: marshalled code of the Python there, or source."""


class Carried:
    """Finds modules among the entries, and loads them. `packed` is what the entries came in."""

    def __init__(self, packed: bytes, entries: Entries) -> None:
        self.packed = packed
        self._entries = entries

    def find_spec(
        self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """Return how a module is loaded, None for one that was not carried."""
        del path, target
        if name in self._entries:
            return ModuleSpec(name, self)  # type: ignore[arg-type] # a loader by what it does
        if f"{name}.__init__" in self._entries:
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type] # as above
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making of a module to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the code of a module in it."""
        name = module.__name__
        held = self._entries[name if name in self._entries else f"{name}.__init__"]
        exec(_code(name, held), module.__dict__)  # noqa: S102 - it is what importing is


def _code(name: str, held: Union[str, bytes]) -> CodeType:
    if isinstance(held, str):
        return compile(held, f"<{name}>", "exec", dont_inherit=True)
    code: CodeType = marshal.loads(held)  # noqa: S302 - from who may run programs here anyway
    return code


def carry(packed: bytes, entries: Entries) -> None:
    """Let everything that was carried be imported from there."""
    sys.meta_path.insert(0, Carried(packed, entries))


def packed() -> bytes:
    """Return what was carried to this process, nothing where it is imported from files."""
    return next((finder.packed for finder in sys.meta_path if hasattr(finder, "packed")), b"")
