"""An account as a whole: looked at, made, altered, removed, and put back as it was."""

from __future__ import annotations

from typing import Optional

from cutter.accounts import entries
from cutter.accounts.books import Books
from cutter.accounts.declared import Declared, Keyed
from cutter.accounts.numbers import free_number
from cutter.accounts.own_home import COMMENT, GID, HOME, SHELL, UID, OwnHome
from cutter.accounts.records import AccountRecord, GroupRecord, demand_free
from cutter.errors import Conflict, StepFailed
from cutter.filesystem.replace import changed_meanwhile
from cutter.model.state import Change, Plain, State
from cutter.resource import Content

RECORD = "record"


class Account:
    """An account by its name. Without `keyed`, the digest under the key, nothing secret is told."""

    def __init__(self, name: str, keyed: Optional[Keyed]) -> None:
        """Take the name; nothing is read yet."""
        self.name = name
        self._keyed = keyed

    def state(self, books: Books, declared: Declared, *, home: bool) -> State:
        """Return what there is of an account that exists; of its home only what is declared."""
        if declared.locked is not None or declared.password is not None:
            books.demand_secret()
        passwd = self._passwd(books)
        if declared.uid not in {None, int(passwd[UID])} and declared.ensure == "present":
            raise Conflict(
                f"the user {self.name} has the number {passwd[UID]}, not {declared.uid}",
                remedy=f"files would change hands; declare no uid, or usermod -u {declared.uid} {self.name}",
            )
        found = self._entry(books, passwd, declared)
        return {**found, **OwnHome(passwd, self._demanded).state(declared)} if home else found

    def require_known(self, books: Books, change: Change) -> None:
        """Raise StalePlan when the account is not as it was when it was looked at."""
        record = AccountRecord.of(books, self.name)
        seen = None if change.before is None else change.before.get(RECORD)
        if seen != (None if record is None else self._digest(record)):
            raise changed_meanwhile(f"the account {self.name}")

    def reach(self, books: Books, declared: Declared, content: Content) -> None:
        """Make the account as declared; what it was is kept first."""
        record = AccountRecord.of(books, self.name)
        if record is not None:
            content.keep(record.written(), self._digest(record))
        passwd = self._new(books, declared) if record is None else record.passwd
        self._enter(books, self._altered(books, passwd, declared), declared)
        self._join(books, declared)
        now = self._passwd(books)
        home = OwnHome(now, self._demanded)
        home.demand_possible(declared)
        books.save()
        moved = record is None or record.passwd[HOME] != now[HOME]
        home.reach(declared, content, new=moved)

    def restore(self, books: Books, change: Change, content: Content) -> None:
        """Put back an account, as it was when the state to reach was seen."""
        after = change.after or {}
        record = AccountRecord.kept(content, str(after[RECORD]), self._demanded)
        if change.before is not None:
            OwnHome(self._passwd(books), self._demanded).restore(change.before, after, content)
        record.restore(books)
        books.save()

    def remove(self, books: Books, content: Content, declared: Declared) -> None:
        """Remove the account, its private group too; what it was is kept first.

        The inverse of making one also takes back the home that was made for it, if nothing was added there.
        """
        record = AccountRecord.of(books, self.name)
        if record is None:
            return
        entries.demand_idle(self.name, int(record.passwd[UID]))
        content.keep(record.written(), self._digest(record))
        home = OwnHome(record.passwd, self._demanded)
        if declared.ensure == "present":
            home.take_back(content, keys=True)
        elif declared.remove_home:
            home.remove(books)
        for group in record.places:
            books.leave(group, self.name)
        own = books.group.entry(self.name)
        if record.own and own and declared.group is None and books.users_of(own) == [self.name]:
            books.group.drop(self.name)
            books.gshadow.drop(self.name)
        books.passwd.drop(self.name)
        books.shadow.drop(self.name)
        books.save(removing=True)

    def _passwd(self, books: Books) -> list[str]:
        found = books.passwd.entry(self.name)
        if found is None:
            raise StepFailed(f"there is no account {self.name} any more")
        return found

    def _demanded(self, value: bytes) -> str:
        if self._keyed is None:
            raise StepFailed("the digest key is missing")
        return self._keyed(value)

    def _digest(self, record: AccountRecord) -> str:
        return self._demanded(record.stable())

    def _entry(self, books: Books, passwd: list[str], declared: Declared) -> dict[str, Plain]:
        groups = books.groups_of(self.name)
        group = declared.group if declared.group == passwd[GID] else books.group_name(passwd[GID])
        state: dict[str, Plain] = {
            "uid": int(passwd[UID]),
            "group": group,
            "comment": passwd[COMMENT],
            "home": passwd[HOME],
            "shell": passwd[SHELL],
            "groups": ",".join(sorted(groups)),
            **{f"member:{name}": name in groups for name in declared.also_groups},
        }
        if books.secret:
            state["locked"] = entries.locked(books.shadow.entry(self.name))
            record = AccountRecord.of(books, self.name)
            if self._keyed is not None and record is not None:
                state[RECORD] = self._digest(record)
                if declared.password is not None:
                    state["password"] = self._keyed(entries.password(record.shadow).encode())
        return state

    def _new(self, books: Books, declared: Declared) -> list[str]:
        uid = free_number(books, system=declared.system) if declared.uid is None else str(declared.uid)
        demand_free(books.passwd, self.name, uid)
        gid = self._private_group(books, uid) if declared.group is None else books.gid_of(declared.group)
        home = f"{'/home' if declared.create_home else '/nonexistent'}/{self.name}"
        return [self.name, "x", uid, gid, "", home, entries.usual_shell(system=declared.system)]

    def _private_group(self, books: Books, uid: str) -> str:
        if books.group.entry(self.name) is not None:
            raise Conflict(
                f"there is a group {self.name} already", remedy=f"say group: {self.name} to use it"
            )
        taken = any(fields[2] == uid for fields in books.group.entries())
        gid = free_number(books, system=False) if taken else uid
        GroupRecord.new(self.name, gid).restore(books)
        return gid

    def _altered(self, books: Books, passwd: list[str], declared: Declared) -> list[str]:
        """Return the entry with what is declared in it."""
        fields = list(passwd)
        for index, wanted in ((COMMENT, declared.comment), (HOME, declared.home), (SHELL, declared.shell)):
            if wanted is not None:
                fields[index] = wanted
        if declared.group is not None:
            fields[GID] = books.gid_of(declared.group)
        if fields[SHELL] != passwd[SHELL] or books.passwd.entry(self.name) is None:
            entries.demand_shell(fields[SHELL])
        return fields

    def _enter(self, books: Books, passwd: list[str], declared: Declared) -> None:
        shadow = books.shadow.entry(self.name) or entries.new_shadow(self.name)
        if declared.password is not None and declared.password != entries.password(shadow):
            shadow = entries.with_password(shadow, declared.password)
        if declared.locked is not None and entries.locked(shadow) is not declared.locked:
            shadow = entries.with_lock(shadow, wanted=declared.locked)
        books.passwd.put(passwd)
        books.shadow.put(shadow)

    def _join(self, books: Books, declared: Declared) -> None:
        wanted = declared.also_groups if declared.groups is None else declared.groups
        for group in books.groups_of(self.name):
            if declared.groups is not None and group not in wanted:
                books.leave(group, self.name)
        for group in wanted:
            books.join(group, self.name)
