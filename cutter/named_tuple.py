"""`typing.NamedTuple`, made without compiling its annotations. Travels.

The library compiles the annotation of each field, 15 microseconds apiece, and nobody asks for what it gets:
half of the time that a module of values takes to load, on this machine and on each target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - it is what this module is for
else:
    from collections import namedtuple

    _MADE_BY_US = ("__annotations__", "__module__")

    class _Made(type):
        """Makes a tuple with names of what a class says, and leaves no trace of itself in it."""

        def __new__(cls, name: str, bases: tuple[type, ...], said: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, said)
            fields = said.get("__annotations__", {})
            filled = [field for field in fields if field in said]
            if filled != list(fields)[len(fields) - len(filled) :]:
                raise TypeError(f"{name}: a field without a default follows one that has one")
            defaults = [said[field] for field in filled]
            made = namedtuple(name, fields, defaults=defaults, module=said["__module__"])  # noqa: PYI024 - it is how
            made.__annotations__ = fields
            for key, value in said.items():
                if key not in fields and key not in _MADE_BY_US:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Made):
        """The base that a class names; it is not among its bases afterwards."""
