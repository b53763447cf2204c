"""All that the files say of a group or an account, as what is kept of it and brings it back exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Optional

from cutter.accounts.books import Books
from cutter.accounts.tables import MEMBERS, Table
from cutter.errors import Conflict, StepFailed
from cutter.model.canonical import canonical
from cutter.named_tuple import NamedTuple
from cutter.resource import Content

NAME = r"^[A-Za-z_][A-Za-z0-9_.-]{0,31}$"
"""What may be the name of a user or group; it never looks like a number or an option."""
_Keyed = Callable[[bytes], str]
_Fields = Optional[list[str]]


class GroupRecord(NamedTuple):
    """The entries of a group in both files; who is in it is no part of what it is."""

    group: list[str]
    gshadow: _Fields
    behind: tuple[Optional[str], Optional[str]] = (None, None)

    @classmethod
    def of(cls, books: Books, name: str) -> Optional[GroupRecord]:
        """Return the record of a group, or None."""
        group, shadow = books.group.entry(name), books.gshadow.entry(name)
        if group is None:
            return None
        behind = (books.group.before(name), books.gshadow.before(name))
        return cls(_bare(group), None if shadow is None else _bare(shadow), behind)

    @classmethod
    def new(cls, name: str, gid: str) -> GroupRecord:
        """Return the record of a group without a password."""
        return cls([name, "x", gid, ""], [name, "!", "", ""])

    @classmethod
    def kept(cls, content: Content, digest: str, keyed: _Keyed) -> GroupRecord:
        """Return the record that was kept under a digest. Raises StepFailed when it is not at hand."""
        found = _kept(content, digest)
        record = cls(found["group"], found["gshadow"], found["behind"])
        _require(keyed(record.stable()) == digest)
        return record

    @property
    def gid(self) -> int:
        """The number of the group."""
        return int(self.group[2])

    def stable(self) -> bytes:
        """Return what identifies the record."""
        return canonical(["group", self.group, self.gshadow])

    def written(self) -> bytes:
        """Return the record as it is kept."""
        return canonical(self._asdict())

    def restore(self, books: Books) -> None:
        """Enter the group. Raises Conflict when its number is taken."""
        taken = next((fields[0] for fields in books.group.entries() if fields[2] == self.group[2]), None)
        if taken is not None:
            raise Conflict(
                f"the number {self.gid} belongs to the group {taken}", remedy="declare another gid"
            )
        books.group.put(self.group, self.behind[0])
        if books.gshadow.there and self.gshadow is not None:
            books.gshadow.put(self.gshadow, self.behind[1])


class AccountRecord(NamedTuple):
    """The entries of an account, its private group, and its place among the members of other groups."""

    passwd: list[str]
    shadow: _Fields
    own: Optional[GroupRecord]
    places: dict[str, tuple[str, str]]
    behind: tuple[Optional[str], Optional[str]]

    @classmethod
    def of(cls, books: Books, name: str) -> Optional[AccountRecord]:
        """Return the record of an account, or None."""
        passwd = books.passwd.entry(name)
        if passwd is None:
            return None
        own = GroupRecord.of(books, name)
        private = own if own is not None and own.group[2] == passwd[3] else None
        behind = (books.passwd.before(name), books.shadow.before(name))
        return cls(passwd, books.shadow.entry(name), private, books.places_of(name), behind)

    @classmethod
    def kept(cls, content: Content, digest: str, keyed: _Keyed) -> AccountRecord:
        """Return the record that was kept under a digest. Raises StepFailed when it is not at hand."""
        found = _kept(content, digest)
        own = None if found["own"] is None else GroupRecord(*found["own"])
        places = {group: (before[0], before[1]) for group, before in found["places"].items()}
        record = cls(found["passwd"], found["shadow"], own, places, found["behind"])
        _require(keyed(record.stable()) == digest)
        return record

    def stable(self) -> bytes:
        """Return what identifies the record: all but where it stands among others."""
        own = None if self.own is None else [self.own.group, self.own.gshadow]
        return canonical(["account", self.passwd, self.shadow, own, sorted(self.places)])

    def written(self) -> bytes:
        """Return the record as it is kept."""
        return canonical(self._asdict())

    def restore(self, books: Books) -> None:
        """Make the files say all this of the account again. Raises Conflict when its number is taken."""
        name, uid = self.passwd[0], self.passwd[2]
        demand_free(books.passwd, name, uid)
        if self.own is not None and books.group.entry(self.own.group[0]) is None:
            self.own.restore(books)
        books.passwd.put(self.passwd, self.behind[0])
        if self.shadow is None:
            books.shadow.drop(name)
        else:
            books.shadow.put(self.shadow, self.behind[1])
        for group in books.groups_of(name):
            if group not in self.places:
                books.leave(group, name)
        for group, before in self.places.items():
            books.join(group, name, before)


def demand_free(passwd: Table, name: str, uid: str) -> None:
    """Raise Conflict when the number belongs to another account."""
    taken = next((fields[0] for fields in passwd.entries() if fields[2] == uid and fields[0] != name), None)
    if taken is not None:
        raise Conflict(f"the number {uid} belongs to the user {taken}", remedy="declare another uid")


def _bare(fields: list[str]) -> list[str]:
    return [*fields[:MEMBERS], ""]


def _kept(content: Content, digest: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(content.bytes_of(digest))
    except (LookupError, ValueError) as error:
        raise StepFailed(f"the former entries are not at hand: {error.args[0]}") from error
    return found


def _require(same: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not same:
        raise StepFailed("what is kept of the former entries is damaged")
