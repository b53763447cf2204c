"""A group of users.

As a step:

    - name: Group of the service
      group: {name: orders, system: true}
"""

from __future__ import annotations

from typing import Literal, Optional

from cutter.accounts.books import Books, at_work, elsewhere
from cutter.accounts.numbers import free_number
from cutter.accounts.records import NAME, GroupRecord
from cutter.errors import Conflict
from cutter.model.state import Change, State
from cutter.resource import Content, Resource, param

_RECORD = "record"


class Group(Resource):
    """A group of this machine. Who is in it is declared by each `user`.

    A group is never given another number, and is removed only when nobody is in it.
    """

    name: str = param("Name of the group.", pattern=NAME)
    ensure: Literal["present", "absent"] = param("Whether it should exist.", default="present")
    gid: Optional[int] = param("Its number; when missing, one that is free.", default=None, minimum=0)
    system: bool = param("Take a free number from the range of system accounts.", default=False)

    def desired(self) -> Optional[State]:
        """Return the number where it is declared."""
        if self.ensure == "absent":
            return None
        return {} if self.gid is None else {"gid": self.gid}

    def observe(self) -> Optional[State]:
        """Return the number, and a keyed digest of the password where it may be read.

        Raises Conflict for a group that has another number than the declared one, or is known only to a
        directory service.
        """
        books = Books()
        record = GroupRecord.of(books, self.name)
        if record is None:
            if _known_elsewhere(self.name):
                raise elsewhere("group", self.name)
            return None
        if self.gid is not None and self.ensure == "present" and record.gid != self.gid:
            raise Conflict(
                f"the group {self.name} has the number {record.gid}, not {self.gid}",
                remedy=f"files would change hands; declare no gid, or groupmod -g {self.gid} {self.name}",
            )
        secret = books.secret and self.digest_key
        return {"gid": record.gid, **({_RECORD: self.keyed(record.stable())} if secret else {})}

    def places(self) -> tuple[str, ...]:
        """Return the name that stands for the group."""
        return (f"group {self.name}",)

    def inside(self) -> tuple[str, ...]:
        """Return who is in the group."""
        return _inside(Books(), self.name)

    def apply(self, change: Change, content: Content) -> None:
        """Make the group, or remove it when nobody is in it; what it was is kept first."""
        with at_work() as books:
            if change.after is None:
                self._remove(books, content)
            elif books.group.entry(self.name) is None:
                self._make(books, change.after, content)

    def _make(self, books: Books, wanted: State, content: Content) -> None:
        if _RECORD in wanted:
            GroupRecord.kept(content, str(wanted[_RECORD]), self.keyed).restore(books)
        else:
            gid = wanted.get("gid")
            number = free_number(books, system=self.system) if gid is None else str(gid)
            GroupRecord.new(self.name, number).restore(books)
        books.save()

    def _remove(self, books: Books, content: Content) -> None:
        record = GroupRecord.of(books, self.name)
        left = _inside(books, self.name)
        if left:
            raise Conflict(f"the group {self.name} cannot be removed while {', '.join(left)} is in it")
        if record is not None:
            content.keep(record.written(), self.keyed(record.stable()))
            books.group.drop(self.name)
            books.gshadow.drop(self.name)
            books.save(removing=True)


def _inside(books: Books, name: str) -> tuple[str, ...]:
    group = books.group.entry(name)
    return () if group is None else tuple(f"user {user}" for user in books.users_of(group))


def _known_elsewhere(name: str) -> bool:
    import grp

    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
