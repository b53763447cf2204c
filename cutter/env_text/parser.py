"""python-dotenv's parser, without the rest of the package: that costs ten times as much to import."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotenv.parser import Binding


def parse(text: str) -> Iterator[Binding]:
    """Yield the pieces of a text; their originals, joined, are the text. Line breaks stay as they are."""
    found: Iterator[Binding] = _parser().parse_stream(io.StringIO(text, newline=""))
    return found


@lru_cache(maxsize=1)
def _parser() -> ModuleType:
    package = importlib.util.find_spec("dotenv")
    places = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec("dotenv.parser", places) if places else None
    if spec is None or not hasattr(spec.loader, "exec_module"):  # only its own importer knows the way
        return importlib.import_module("dotenv.parser")
    assert spec.loader is not None  # noqa: S101 - it has the method
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
