"""What is signed, and the signatures beside it: `FILE` and `FILE.SG_1.sig`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from cutter.errors import ApprovalRefused

_LARGEST = 16 * 2**20
_LARGEST_SIGNATURE = 64 * 2**10


def signature_file(path: str, role: str) -> str:
    """Return where the signature of a role over a file stands."""
    return f"{path}.{role}.sig"


def document_of(path: str) -> bytes:
    """Return the bytes of a file that is, or is to be, signed. Raises ApprovalRefused where there is none."""
    content = _read(path, _LARGEST)
    if content is None:
        raise ApprovalRefused("there is no such file", place=path)
    return content


def signatures_beside(path: str, roles: Iterable[str]) -> dict[str, bytes]:
    """Return the bytes of the signature files that there are beside a file, by role."""
    found = {role: _read(signature_file(path, role), _LARGEST_SIGNATURE) for role in roles}
    return {role: content for role, content in found.items() if content is not None}


def _read(path: str, largest: int) -> bytes | None:
    try:
        with open(path, "rb", opener=_opened) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ApprovalRefused("this is not a regular file", place=path)
            content = file.read(largest + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ApprovalRefused(f"it cannot be read: {error.strerror}", place=path) from error
    if len(content) > largest:
        raise ApprovalRefused(f"this is larger than {largest} bytes", place=path)
    return content


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
