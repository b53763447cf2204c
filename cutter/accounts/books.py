"""The four files of accounts as one value: who there is, who is in which group, and putting it all back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional

from cutter.accounts.tables import FOLDER, MEMBERS, Table, read
from cutter.errors import Conflict, PermissionRefused
from cutter.filesystem.record_locks import locked

LOCK = f"{FOLDER}/.pwd.lock"
"""What lckpwdf(3) locks: passwd, useradd, usermod, vipw and systemd-sysusers all wait for it."""
_PATIENCE = 60


class Books:
    """The files as they were read; `secret` tells whether the two shadow files could be read as well."""

    def __init__(self) -> None:
        """Read them. Raises Conflict for one that is missing or is no file."""
        self.passwd, self.group = read("passwd"), read("group")
        try:
            self.shadow, self.gshadow = read("shadow", needed=False), read("gshadow", needed=False)
            self.secret = True
        except PermissionRefused as refused:
            self.shadow, self.gshadow = Table("shadow", None), Table("gshadow", None)
            self.secret, self.refused = False, refused

    def demand_secret(self) -> None:
        """Raise PermissionRefused when the shadow files cannot be read, and Conflict when there are none."""
        if not self.secret:
            raise self.refused
        if not self.shadow.there:
            raise Conflict(f"there is no {self.shadow.path}", remedy="pwconv makes it")

    def groups_of(self, user: str) -> list[str]:
        """Return the names of the groups that list a user, in the order of the file."""
        return [fields[0] for fields in self.group.entries() if user in members(fields)]

    def group_name(self, gid: str) -> str:
        """Return the name of a group, or the number itself where there is none."""
        return next((fields[0] for fields in self.group.entries() if fields[2] == gid), gid)

    def gid_of(self, group: str) -> str:
        """Return the number of a group named by name or number. Raises Conflict when there is none."""
        known = self.group.entry(group)
        if known is not None:
            return known[2]
        if group.isdecimal() and any(fields[2] == group for fields in self.group.entries()):
            return group
        raise no_group(group)

    def users_of(self, group: list[str]) -> list[str]:
        """Return everybody who is in a group: its members, and those whose primary group it is."""
        primary = [fields[0] for fields in self.passwd.entries() if fields[3] == group[2]]
        return sorted({*members(group), *primary})

    def join(self, group: str, user: str, places: Optional[tuple[str, str]] = None) -> None:
        """Add a member at the end, or behind the one named for each of the two files ("": at the start)."""
        if self.group.entry(group) is None:
            raise no_group(group)
        for index, table in enumerate((self.group, self.gshadow)):
            fields = table.entry(group)
            if fields is not None and user not in members(fields):
                _put_members(table, fields, _with(members(fields), user, places and places[index]))

    def leave(self, group: str, user: str) -> None:
        """Take a member away."""
        for table in (self.group, self.gshadow):
            fields = table.entry(group)
            if fields is not None and user in members(fields):
                _put_members(table, fields, [name for name in members(fields) if name != user])

    def places_of(self, user: str) -> dict[str, tuple[str, str]]:
        """Return for each group of a user who stands before him in the group, and in its shadow."""
        return {
            group: (_before(self.group, group, user), _before(self.gshadow, group, user))
            for group in self.groups_of(user)
        }

    def save(self, *, removing: bool = False) -> None:
        """Write what changed; the file that makes an account exist comes last, or first when it goes."""
        tables = [self.gshadow, self.group, self.shadow, self.passwd]
        for table in reversed(tables) if removing else tables:
            table.save()


@contextmanager
def at_work() -> Iterator[Books]:
    """Read the files under the lock that all tools for accounts share. Raises LockHeld."""
    with locked(LOCK, seconds=_PATIENCE):
        books = Books()
        books.demand_secret()
        yield books


def members(group: list[str]) -> list[str]:
    """Return the members that an entry of a group, or of its shadow, lists."""
    return [name for name in group[MEMBERS].split(",") if name]


def no_group(name: str) -> Conflict:
    """Return the complaint about a group that is not there."""
    return Conflict(f"there is no group {name}", remedy=f"declare the group {name} in an earlier step")


def elsewhere(kind: str, name: str) -> Conflict:
    """Return the complaint about a name that a directory service knows."""
    return Conflict(
        f"the {kind} {name} is known (getent), but is not in {FOLDER}: a directory service has it",
        remedy=f"change it there, or declare a {kind} of another name",
    )


def _put_members(table: Table, fields: list[str], names: list[str]) -> None:
    table.put([*fields[:MEMBERS], ",".join(names)])


def _with(names: list[str], user: str, behind: Optional[str]) -> list[str]:
    if behind is None or (behind and behind not in names):
        return [*names, user]
    at = names.index(behind) + 1 if behind else 0
    return [*names[:at], user, *names[at:]]


def _before(table: Table, group: str, user: str) -> str:
    names = members(table.entry(group) or ["", "", "", ""])
    at = names.index(user) if user in names else 0
    return names[at - 1] if at else ""
