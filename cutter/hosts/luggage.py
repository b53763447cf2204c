"""What travels to a target: the agent and what the types it is asked about need, as one zip in memory."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec
from pathlib import Path
from threading import Lock

_PACKAGE = Path(__file__).parents[1]
TRAVELS = (
    *("__init__.py", "children.py", "errors.py", "facts.py", "resource.py"),
    *("agent/*.py", "model/*.py", "gpg/*.py", "filesystem/*.py", "env_text/*.py"),
    *("accounts/*.py", "apt/*.py", "systemd/*.py"),
    *("resources/__init__.py", "resources/target/*.py"),
)
"""Patterns of our own files, from the package's folder."""
_STAYS = (
    *("model/condition.py", "model/durations.py", "model/gap*.py", "model/gate.py", "model/inventory.py"),
    *("model/lapsed.py", "model/runs.py", "gpg/encrypting.py", "gpg/sign*.py", "gpg/verifying.py"),
)
"""What of these nothing on a target imports."""
_OF_TYPES = ("accounts", "apt", "env_text", "gpg", "systemd", "dotenv")
"""Rooms that nothing but types asks for, and not every one of them."""
_IMPORT = re.compile(r"^ *(?:from|import) (?:cutter\.)?(\w+)", re.MULTILINE)
_DOTENV = ("__init__.py", "parser.py", "main.py", "variables.py", "ipython.py")
_ALWAYS = (1980, 1, 1, 0, 0, 0)
_UNCHECKED = struct.pack("<I", 1) + b"\0" * 8
"""The head of code that is to be used without comparing it with its source; see PEP 552."""
_HEAD = 16
_QUICK = 1
_PACKING = Lock()


Types = frozenset[str] | None
"""Names of types; None for all of them."""


def luggage(magic: bytes = b"", types: Types = None) -> bytes:
    """Return the zip for a Python whose compiled code begins with `magic`, with these types alone.

    One that compiles as this one gets code, which starts twice as fast; every other one gets sources.
    """
    return zlib.decompress(luggage_packed(magic, types))


def luggage_packed(magic: bytes = b"", types: Types = None) -> bytes:
    """Return the same as one stream of zlib: the modules of a zip are alike, and packed together are half."""
    with _PACKING:
        return _packed(types, compiled=magic == MAGIC_NUMBER)


@cache
def _packed(types: Types, *, compiled: bool) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as zipped:
        for name, path in sorted(_files(types)):
            code = _code(path) if compiled else b""
            entry, content = (
                (f"{name}c", MAGIC_NUMBER + _UNCHECKED + code) if code else (name, path.read_bytes())
            )
            zipped.writestr(zipfile.ZipInfo(entry, _ALWAYS), content)
    return zlib.compress(held.getvalue(), _QUICK)


def _files(types: Types) -> Iterator[tuple[str, Path]]:
    rooms = {*_OF_TYPES} if types is None else _rooms_of(types)
    left = {path for pattern in _STAYS for path in _PACKAGE.glob(pattern)}
    left |= {path for room in _OF_TYPES if room not in rooms for path in (_PACKAGE / room).glob("*.py")}
    left |= {path for path in _type_files() if types is not None and path.stem not in types}
    for pattern in TRAVELS:
        paths = (path for path in _PACKAGE.glob(pattern) if path not in left)
        yield from ((f"cutter/{path.relative_to(_PACKAGE)}", path) for path in paths)
    dotenv = find_spec("dotenv") if "dotenv" in rooms else None
    if dotenv is not None and dotenv.origin is not None:
        yield from ((f"dotenv/{name}", Path(dotenv.origin).parent / name) for name in _DOTENV)


def _type_files() -> list[Path]:
    return [path for path in _PACKAGE.glob("resources/target/*.py") if not path.name.startswith("_")]


def _rooms_of(types: frozenset[str]) -> set[str]:
    """Return the rooms that these types ask for, and what these rooms ask for."""
    found: set[str] = set()
    waiting = [path for path in _type_files() if path.stem in types]
    for path in waiting:  # it grows while we go
        new = {name for name in _IMPORT.findall(path.read_text()) if name in _OF_TYPES} - found
        found |= new
        waiting += [file for room in new for file in (_PACKAGE / room).glob("*.py")]
    return found


def _code(path: Path) -> bytes:
    """Return the compiled code that this Python keeps of a source file, nothing where it is not fresh."""
    try:
        kept = Path(cache_from_source(str(path))).read_bytes()
        flags, modified, size = struct.unpack("<III", kept[4:_HEAD])
        seen = path.stat()
    except (OSError, struct.error):
        return b""
    fresh = kept[:4] == MAGIC_NUMBER and flags == 0
    fresh = fresh and (modified, size) == (int(seen.st_mtime) & 0xFFFFFFFF, seen.st_size & 0xFFFFFFFF)
    return kept[_HEAD:] if fresh else b""
