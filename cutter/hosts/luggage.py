"""What travels to a target: the agent and what the types it is asked about need, packed."""

from __future__ import annotations

import marshal
import os
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec
from threading import Lock

from cutter import __version__
from cutter.agent.carried import Entries
from cutter.filesystem.cache import Cache
from cutter.model.sha256 import sha256_hex

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FILES = (
    *("__init__.py", "children.py", "errors.py", "facts.py", "named_tuple.py", "resource.py"),
    "resources/__init__.py",
)
_ROOMS = ("agent", "filesystem", "model")
"""What always travels, from the package's folder."""
_STAYS = re.compile(
    r"agent/unseen|filesystem/cache|gpg/(encrypting|sign\w*|verifying)"
    r"|model/(condition|durations|gap\w*|gate|inventory|lapsed|plan|runbook|runs|unconfirmed|when)"
)
"""What of these nothing on a target imports."""
_TYPES = "resources/target"
_OF_TYPES = ("accounts", "apt", "env_text", "gpg", "systemd", "dotenv")
"""Rooms that nothing but types asks for, and not every one of them."""
_IMPORT = re.compile(r"^ *(?:from|import) (?:cutter\.)?(\w+)", re.MULTILINE)
_BARE = {"dotenv.__init__": ""}
"""Of python-dotenv its parser goes; the package's own module would import all the others."""
_HEAD = 16
_QUICK = 1
_KEPT = Cache("agents")
_MOST = 20
_SUM = 64
_PACKING = Lock()


Types = frozenset[str] | None
"""Names of types; None for all of them."""


def luggage(magic: bytes = b"", types: Types = None) -> Entries:
    """Return what is carried to a Python whose compiled code begins with `magic`, with these types alone.

    One that compiles as this one gets code, which starts twice as fast; every other one gets sources.
    """
    compiled = magic == MAGIC_NUMBER
    return {name: (compiled and _code(path)) or _text(path) for name, path in _modules(types)} | _BARE


def luggage_packed(magic: bytes = b"", types: Types = None) -> bytes:
    """Return the same as one stream of zlib: modules are alike, and packed together are half."""
    with _PACKING:
        return _packed(magic if magic == MAGIC_NUMBER else b"", types)


@cache
def _packed(magic: bytes, types: Types) -> bytes:
    """Pack it, or take what was packed of the very same files before; packing takes 15 ms."""
    name = _fingerprint(magic, types)
    kept = _KEPT.read(name)
    if kept[:_SUM] == sha256_hex(kept[_SUM:]).encode():
        return kept[_SUM:]
    packed = zlib.compress(marshal.dumps(dict(luggage(magic, types))), _QUICK)
    _KEPT.write(name, sha256_hex(packed).encode() + packed, kept=_MOST)
    return packed


def _fingerprint(magic: bytes, types: Types) -> str:
    """Return what changes whenever something else would be packed."""
    told = [magic.hex(), __version__]
    for name, path in (("", __file__), *_modules(types)):
        for file in (path, cache_from_source(path)) if magic else (path,):
            with suppress(OSError):
                seen = os.stat(file)
                told.append(f"{name} {file} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns}")
    return sha256_hex("\n".join(told).encode())


def _modules(types: Types) -> Iterator[tuple[str, str]]:
    """Yield the name of each module and the path of its source."""
    rooms = set(_OF_TYPES) if types is None else _rooms_of(types)
    for name in sorted(_names(types, rooms)):
        if not _STAYS.fullmatch(name.removesuffix(".py")):
            yield f"cutter.{name.removesuffix('.py').replace('/', '.')}", os.path.join(_PACKAGE, name)
    dotenv = find_spec("dotenv") if "dotenv" in rooms else None
    if dotenv is not None and dotenv.origin is not None:
        yield "dotenv.parser", os.path.join(os.path.dirname(dotenv.origin), "parser.py")


def _names(types: Types, rooms: set[str]) -> list[str]:
    """Return the files of ours that travel, from the package's folder."""
    kinds = [name for name in _inside(_TYPES) if types is None or _type_of(name) in (*types, "__init__")]
    return [*_FILES, *kinds, *(name for room in (*_ROOMS, *rooms - {"dotenv"}) for name in _inside(room))]


def _inside(room: str) -> list[str]:
    return [f"{room}/{name}" for name in os.listdir(os.path.join(_PACKAGE, room)) if name.endswith(".py")]


def _type_of(name: str) -> str:
    return os.path.basename(name).removesuffix(".py")


def _rooms_of(types: frozenset[str]) -> set[str]:
    """Return the rooms that these types ask for, and what these rooms ask for."""
    found: set[str] = set()
    waiting = [name for name in _inside(_TYPES) if _type_of(name) in types]
    for name in waiting:  # it grows while we go
        new = {
            room for room in _IMPORT.findall(_text(os.path.join(_PACKAGE, name))) if room in _OF_TYPES
        } - found
        found |= new
        waiting += [file for room in new - {"dotenv"} for file in _inside(room)]
    return found


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _code(path: str) -> bytes:
    """Return the compiled code that this Python keeps of a source file, nothing where it is not fresh."""
    try:
        with open(cache_from_source(path), "rb") as file:
            kept = file.read()
        flags, modified, size = struct.unpack("<III", kept[4:_HEAD])
        seen = os.stat(path)
    except (OSError, struct.error):
        return b""
    fresh = kept[:4] == MAGIC_NUMBER and flags == 0
    fresh = fresh and (modified, size) == (int(seen.st_mtime) & 0xFFFFFFFF, seen.st_size & 0xFFFFFFFF)
    return kept[_HEAD:] if fresh else b""
