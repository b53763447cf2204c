"""Names that are short enough for a socket, wherever the tests work."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short(folder: Path) -> Iterator[Path]:
    """Give a folder a short name for a while: a program's own socket there has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="c-") as outer:
        name = Path(outer) / "n"
        name.symlink_to(folder)
        yield name
