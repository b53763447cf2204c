"""Resource types, found by the name of their file; nothing here or elsewhere lists them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module

from cutter.resource import Resource

PLACES = ("target", "controller")


def type_names() -> list[str]:
    """Return the name of every resource type, sorted."""
    return sorted(name for place in PLACES for name in _modules(place))


@cache  # asked for several times per step
def resource_type(name: str) -> type[Resource]:
    """Return the class of a type. Raises LookupError for a name that no file has."""
    for place in PLACES:
        try:
            module = import_module(f"cutter.resources.{place}.{name}")
        except ModuleNotFoundError as error:
            if error.name is None or not f"cutter.resources.{place}.{name}".startswith(error.name):
                raise
            continue
        return next(_types_in(vars(module), module.__name__))
    raise LookupError(name)


def place_of(name: str) -> str:
    """Return where a type acts: ``target`` (a host) or ``controller`` (a database); empty for no type."""
    try:
        return resource_type(name).__module__.split(".")[2]
    except LookupError:
        return ""


def _modules(place: str) -> Iterator[str]:
    try:
        package = import_module(f"cutter.resources.{place}")
    except ModuleNotFoundError:  # the controller's types do not travel to targets
        return
    from pkgutil import iter_modules

    yield from (found.name for found in iter_modules(package.__path__) if not found.name.startswith("_"))


def _types_in(names: dict[str, object], module: str) -> Iterator[type[Resource]]:
    for value in names.values():
        if isinstance(value, type) and issubclass(value, Resource) and value.__module__ == module:
            yield value
