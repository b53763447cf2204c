"""The words of a command as the shell on the other side reads them, whichever shell that is."""

from __future__ import annotations

import re
import shlex

OLDEST_PYTHON = (3, 9)
BOOT = (
    f"import sys,os;v=sys.version_info[:2];v>={OLDEST_PYTHON} or "
    'sys.exit("cutter: python %d.%d is too old"%v);'
    'm,n=sys.argv[1],int(sys.argv[2]);o=sys.stdout;o.write(m+" ready"+chr(10));o.flush();'
    "i=sys.stdin.buffer;any(map((m+chr(10)).encode().__eq__,i)) or sys.exit(75);"
    "d=i.read(n);len(d)==n or sys.exit(75);"
    'f=os.memfd_create("cutter");os.fdopen(f,"wb",closefd=False).write(d);'
    'sys.path.insert(0,"/proc/self/fd/%d"%f);from cutter.agent.remote import main;main(m)'
)
"""Python that says that it is ready, reads past a line with its marker, then a zip, and runs that.

It has no character that any shell takes for more than itself between single quotes.
"""
_SPARE_LINES = 8
_MEANT_OTHERWISE = re.compile(r"['\\!]")


def quoted(word: str) -> str:
    """Return a word as one word for sh, csh and fish alike; it has no line break, which csh cannot be told.

    Between single quotes fish minds a backslash, and csh an exclamation mark.
    """
    if shlex.quote(word) == word:
        return word
    return "'" + _MEANT_OTHERWISE.sub(lambda found: f"'\\{found[0]}'", word) + "'"


def announced(marker: str, zipped: bytes) -> bytes:
    """Return a zip as `BOOT` expects it, with lines before it for what the login may read of its input."""
    return b"\n" * _SPARE_LINES + marker.encode("ascii") + b"\n" + zipped
