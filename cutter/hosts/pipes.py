"""The pipes of programs, many at once."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import IO

_CHUNK = 1 << 16
_PATIENCE_SECONDS = 1.0


def started(argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program, with pipes of which none is ever waited for unasked. Raises OSError."""
    _make_room()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        bufsize=0,
        start_new_session=True,  # a Ctrl-C is for us: the step under way is finished first
    )
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            os.set_blocking(pipe.fileno(), False)
    return process


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
def _make_room() -> None:
    """Let this process have as many pipes as it may: three for each of hundreds of hosts."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
