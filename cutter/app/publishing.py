"""Keep a report in a file: replaced whole or not at all, and only when it says something else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cutter.errors import PermissionRefused


def publish(path: str, text: str) -> bool:
    """Write a report; True when the file was changed. Raises PermissionRefused."""
    target = Path(path)
    content = text.encode()
    try:
        if target.is_file() and target.read_bytes() == content:
            return False
        _replace(target, content)
    except OSError as error:
        raise PermissionRefused(f"cannot write {path}: {error.strerror}", place=path) from error
    return True


def _replace(target: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
