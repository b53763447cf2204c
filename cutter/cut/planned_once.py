"""Plans made once: the same text under the same grammar has the same plan, so a long one is not made again.

A process remembers the newest plan whole, unless it is large, and of every plan what it comes to, which is
small. What a large one comes to is also remembered in the user's cache, by a digest of all that it depends
on, this program's source included; what is not there as it was written is as good as none.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from functools import cache

from cutter.cut.cutplan import Cutplan, Marks, plan
from cutter.cut.telling import quiet
from cutter.filesystem.cache import Cache
from cutter.model.canonical import bytes_digest, canonical
from cutter.named_tuple import NamedTuple

KEPT_BYTES = 2**23
"""The longest source whose plan is remembered whole: some 13,000 units."""
LARGE = 2**19
"""The shortest source that takes long enough, a tenth of a second, to be remembered in the user's cache."""
KEPT = 200


class Summary(NamedTuple):
    """What a plan comes to: the units of each section type, the pin, the root hash over the rows."""

    counts: Mapping[str, int]
    pin: str
    root: str


class _Memory:
    """What this process remembers."""

    def __init__(self) -> None:
        self.key = ""
        self.newest: Cutplan | None = None
        self.summaries: dict[str, Summary] = {}


_memory = _Memory()
_PLANS = Cache("plans")


def planned_once(marks: Marks) -> Cutplan:
    """Return the plan of discovered units, as `plan` does, which it asks only where it must."""
    if marks.key and marks.key == _memory.key and _memory.newest is not None:
        return _memory.newest
    made = plan(marks)
    if marks.key and len(marks.source.text) <= KEPT_BYTES:
        _memory.key, _memory.newest = marks.key, made
    return made


def summed_up_once(marks: Marks) -> Summary:
    """Return what the plan of discovered units comes to. Raises as `plan` does."""
    found = _memory.summaries.get(marks.key) or _cached(marks)
    if found is None:
        made = planned_once(marks)
        found = Summary(made.counts, made.pin, made.root)
        quiet()
        if len(marks.source.text) >= LARGE and marks.key:
            _PLANS.write(_name(marks.key), _written(found), kept=KEPT)
    if marks.key:
        _memory.summaries[marks.key] = found
    return found


def _cached(marks: Marks) -> Summary | None:
    if len(marks.source.text) < LARGE or not marks.key:
        return None
    held = _PLANS.read(_name(marks.key))
    mark, _, body = held.partition(b"\n")
    if mark.decode("ascii", "replace") != bytes_digest(body):
        return None
    from json import loads

    counts, pin, root = loads(body)
    return Summary(dict(counts), pin, root)


def _written(found: Summary) -> bytes:
    body = canonical([[[name, count] for name, count in found.counts.items()], found.pin, found.root])
    return bytes_digest(body).encode("ascii") + b"\n" + body


def _name(key: str) -> str:
    return hashlib.sha256(f"{key}\n{_program()}".encode()).hexdigest()


@cache
def _program() -> str:
    """Return a digest of what makes plans: this room, the reader of Markdown, the interpreter."""
    from markdown_it import __version__

    found = hashlib.sha256(f"{__version__}\n{sys.version}\n".encode())
    here = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(os.listdir(here)):
        if name.endswith(".py"):
            with open(os.path.join(here, name), "rb") as file:
                found.update(file.read())
    return found.hexdigest()
