"""The pipes of many programs at once."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from functools import cache
from typing import IO

_CHUNK = 1 << 16
_PATIENCE_SECONDS = 1.0


def rest_of(pipe: IO[bytes] | None) -> bytes:
    """Return what is still to be read of a program that ended, or is about to."""
    rest, deadline = b"", time.monotonic() + _PATIENCE_SECONDS
    poll = select.poll()
    if pipe is None:
        return rest
    poll.register(pipe.fileno(), select.POLLIN)
    with suppress(OSError):
        while time.monotonic() < deadline:
            if poll.poll(100):
                chunk = os.read(pipe.fileno(), _CHUNK)
                if not chunk:
                    break
                rest += chunk
    return rest


@cache
def make_room_for_pipes() -> None:
    """Let this process have as many pipes as it may: three for each of hundreds of hosts."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
