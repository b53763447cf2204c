"""What travels to a target: the agent and everything it needs, as one zip in memory."""

from __future__ import annotations

import io
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
_DOTENV = ("__init__.py", "parser.py", "main.py", "variables.py", "ipython.py")
_ALWAYS = (1980, 1, 1, 0, 0, 0)
_UNCHECKED = struct.pack("<I", 1) + b"\0" * 8
"""The head of code that is to be used without comparing it with its source; see PEP 552."""
_HEAD = 16
_QUICK = 1
_PACKING = Lock()


def luggage(magic: bytes = b"") -> bytes:
    """Return the zip for a Python whose compiled code begins with `magic`.

    One that compiles as this one gets code, which starts twice as fast; every other one gets sources.
    """
    return zlib.decompress(luggage_packed(magic))


def luggage_packed(magic: bytes = b"") -> bytes:
    """Return the same as one stream of zlib: the modules of a zip are alike, and packed together are half."""
    with _PACKING:
        return _packed(compiled=magic == MAGIC_NUMBER)


@cache
def _packed(*, compiled: bool) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as zipped:
        for name, path in sorted(_files()):
            code = _code(path) if compiled else b""
            entry, content = (
                (f"{name}c", MAGIC_NUMBER + _UNCHECKED + code) if code else (name, path.read_bytes())
            )
            zipped.writestr(zipfile.ZipInfo(entry, _ALWAYS), content)
    return zlib.compress(held.getvalue(), _QUICK)


def _files() -> Iterator[tuple[str, Path]]:
    left = {path for pattern in _STAYS for path in _PACKAGE.glob(pattern)}
    for pattern in TRAVELS:
        paths = (path for path in _PACKAGE.glob(pattern) if path not in left)
        yield from ((f"cutter/{path.relative_to(_PACKAGE)}", path) for path in paths)
    dotenv = find_spec("dotenv")
    if dotenv is not None and dotenv.origin is not None:
        yield from ((f"dotenv/{name}", Path(dotenv.origin).parent / name) for name in _DOTENV)


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
