"""What a process that died while it made a ledger or a digest key has left beside them."""

from __future__ import annotations

import os
import re

from cutter.ledger import digest_key, sqlite, vouching
from cutter.ledger.complaints import refused

_UNFINISHED = re.compile(
    rf"({'|'.join(map(re.escape, (sqlite.FILE, digest_key.FILE, vouching.FILE)))})"
    r"\.[0-9a-f]{12}\.new(-wal|-shm|-journal)?"
)


def tidy(folder: str) -> None:
    """Remove files that never got their own name; only the holder of the run lock may call this."""
    with refused(folder):
        for name in os.listdir(folder):
            if _UNFINISHED.fullmatch(name):
                os.unlink(os.path.join(folder, name))
