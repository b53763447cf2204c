"""The words of a command as the shell on the other side reads them, whichever shell that is."""

from __future__ import annotations

import re
import shlex

from cutter.agent.carried import UNPACK

OLDEST_PYTHON = (3, 9)
BOOT = (
    f"import sys;v=sys.version_info[:2];v>={OLDEST_PYTHON} or "
    'sys.exit("cutter: python %d.%d is too old"%v);'
    "import gc,marshal,zlib,_frozen_importlib_external as x;gc.disable();m=sys.argv[1];o=sys.stdout;"
    'o.write(m+" ready "+x.MAGIC_NUMBER.hex()+chr(10));o.flush();'
    "i=sys.stdin.buffer;n=next((int(l.split()[1]) for l in i if l.startswith(m.encode())),0);"
    "d=i.read(n);len(d)==n>0 or sys.exit(75);"
    f"{UNPACK};from cutter.agent.remote import main;main(m)"
)
"""Python that says that it is ready, and for which code; that reads what is carried, announced, and runs it.

It has no character that any shell takes for more than itself between single quotes.
"""
SPARE_LINES = b"\n" * 8
"""What a login may read of its input before the agent begins; whatever is left of it is passed over."""
_MEANT_OTHERWISE = re.compile(r"['\\!]")


def quoted(word: str) -> str:
    """Return a word as one word for sh, csh and fish alike; it has no line break, which csh cannot be told.

    Between single quotes fish minds a backslash, and csh an exclamation mark.
    """
    if shlex.quote(word) == word:
        return word
    return "'" + _MEANT_OTHERWISE.sub(lambda found: f"'\\{found[0]}'", word) + "'"


def announced(marker: str, packed: bytes) -> bytes:
    """Return what is carried to a host as `BOOT` expects it."""
    return f"{marker} {len(packed)}\n".encode("ascii") + packed
