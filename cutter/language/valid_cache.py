"""Files that were found valid already, remembered by digest: a second apply never loads the validator.

An entry is an empty file named by the digest of the schema's sources and the document's bytes. Only valid
documents are remembered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module

from cutter.filesystem.cache import Cache
from cutter.model.sha256 import sha256_hex

KEPT = 2_000
_VALID = Cache("valid")


def name_of(schema: str, text: bytes) -> str:
    """Return the name under which a document would be remembered as valid."""
    return sha256_hex(f"{schema}\n{_fingerprint()}\n".encode() + text)


def known(name: str) -> bool:
    """Tell whether a document of this name was found valid before."""
    return name in _VALID


def remember(name: str) -> None:
    """Remember a document as valid; the oldest are forgotten when there are many."""
    _VALID.write(name, b"", kept=KEPT)


@cache
def _fingerprint() -> str:
    """Return what changes when a schema may change: the files that schemas are made of."""
    return sha256_hex("\n".join(sorted(_sources())).encode())


def _sources() -> Iterator[str]:
    here = os.path.dirname(__file__)
    package = os.path.dirname(here)
    places = [here, package, os.path.join(package, "env_text")]
    for room in ("target", "controller"):
        with suppress(ModuleNotFoundError):
            places += import_module(f"cutter.resources.{room}").__path__
    for place in places:
        with suppress(OSError), os.scandir(place) as found:
            for entry in found:
                if entry.name.endswith(".py"):
                    seen = entry.stat()
                    yield f"{entry.path} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns}"
