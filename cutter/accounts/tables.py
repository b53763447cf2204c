"""One file of accounts: lines of fields with a colon between them, edited without touching the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Optional

from cutter.accounts.lines import lines_of
from cutter.errors import Conflict
from cutter.filesystem.refusals import refusals
from cutter.filesystem.regular import opened
from cutter.filesystem.replace import replace
from cutter.filesystem.walk import existing_parent_of, parent_of

FOLDER = "/etc"
WIDTH = {"passwd": 7, "shadow": 9, "group": 4, "gshadow": 4}
MEMBERS = 3
"""Which field of a group, and of its shadow, names the members."""


class Table:
    """The lines of one file; a line that is no entry stays as it is. `content` is None for a missing file."""

    def __init__(self, name: str, content: Optional[bytes]) -> None:
        """Take the name below /etc, and the bytes."""
        self.name = name
        self.path = f"{FOLDER}/{name}"
        self.there = content is not None
        self._read = content or b""
        self._lines = lines_of(self._read)

    def entry(self, key: str) -> Optional[list[str]]:
        """Return the fields of an entry, or None. Raises Conflict when there are two of that name."""
        found = [fields for fields in self.entries() if fields[0] == key]
        if len(found) > 1:
            tool = "grpck" if "g" in self.name[:2] else "pwck"
            raise Conflict(f"{self.path} has {len(found)} entries for {key}", remedy=f"{tool} -r shows them")
        return found[0] if found else None

    def entries(self) -> Iterator[list[str]]:
        """Yield the fields of every entry, in the order of the file."""
        for line in self._lines:
            fields = line.split(":")
            if len(fields) == WIDTH[self.name] and fields[0] and fields[0][0] not in "+-#":
                yield fields

    def before(self, key: str) -> Optional[str]:
        """Return the name of the entry before this one, "" for none; None when there is no such entry."""
        names = [fields[0] for fields in self.entries()]
        if key not in names:
            return None
        at = names.index(key)
        return names[at - 1] if at else ""

    def put(self, fields: Sequence[str], behind: Optional[str] = None) -> None:
        """Replace the entry of this name, or add it behind the one named, or else at the end."""
        if any(sign in field for field in fields for sign in ":\n\r\0"):
            raise Conflict(f"a field of {self.path} cannot hold a colon or a line break")
        line, known = ":".join(fields), self.entry(fields[0])
        if known is None:
            before = None if behind is None else self.entry(behind)
            self._lines.insert(self._lines.index(":".join(before)) + 1 if before else len(self._lines), line)
        else:
            self._lines[self._lines.index(":".join(known))] = line

    def drop(self, key: str) -> None:
        """Take an entry away, if it is there."""
        known = self.entry(key)
        if known is not None:
            self._lines.remove(":".join(known))

    def save(self) -> None:
        """Write the file anew if it changed, in one durable move; owner and mode stay."""
        content = "".join(f"{line}\n" for line in self._lines).encode("utf-8", "surrogateescape")
        if not self.there or content == self._read:
            return
        with existing_parent_of(self.path) as place, opened(place) as found:
            replace(place, found, content, {})
        self._read = content


def read(name: str, *, needed: bool = True) -> Table:
    """Read a file. Raises PermissionRefused, and Conflict for a needed one that is missing."""
    path = f"{FOLDER}/{name}"
    with parent_of(path) as place:
        if place is not None:
            with opened(place) as found:
                if found is not None:
                    with refusals("reading", path):
                        return Table(name, found.content())
    if needed:
        raise Conflict(f"there is no {path}", remedy="restore it before accounts are declared")
    return Table(name, None)
