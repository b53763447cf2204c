"""A user.

As a step:

    - name: Deployment account
      user:
        name: deploy
        also_groups: [docker]
        shell: /bin/bash
        authorized_keys: ["{{ deploy_key }}"]
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Optional

from cutter.accounts import keys as key_lines
from cutter.accounts.account import Account
from cutter.accounts.books import Books, at_work, elsewhere
from cutter.accounts.declared import Declared
from cutter.accounts.entries import is_hash
from cutter.accounts.operators import administering, objections, operators
from cutter.accounts.own_home import OwnHome
from cutter.accounts.records import NAME, AccountRecord
from cutter.env_text.forms import prepared, source_of
from cutter.errors import Conflict, Unavailable
from cutter.filesystem.walk import problem_of
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Desk, Resource, param

_GROUPS = {"items": {"type": "string", "pattern": NAME}, "uniqueItems": True}
_SOURCE = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {name: {"type": "string"} for name in ("env", "file", "value")},
}


class User(Resource):
    """An account of this machine: its entry, groups, home, keys, password and lock.

    Whatever is not declared stays as it is. A user is never given another number. An account without a
    password is opened by its keys alone. What would lock out whoever runs this is refused.
    """

    name: str = param("Name of the user.", pattern=NAME)
    ensure: Literal["present", "absent"] = param(
        "Whether it should exist; one that is removed leaves its home.", default="present"
    )
    uid: Optional[int] = param("Its number; when missing, one that is free.", default=None, minimum=0)
    system: bool = param(
        "For a new one: a number of the system's range, no shell and no home.", default=False
    )
    group: Optional[str] = param("Primary group; when missing, a new one of the same name.", default=None)
    groups: Optional[list[str]] = param(
        "Exactly the other groups that list it.", default=None, schema={"type": "array", **_GROUPS}
    )
    also_groups: list[str] = param("Groups that must list it, among others.", default=[], schema=_GROUPS)
    comment: Optional[str] = param("Full name or purpose.", default=None, pattern="^[^:\n]*$")
    home: Optional[str] = param("Absolute path; /home/NAME for a new one.", default=None, pattern="^/")
    create_home: Optional[bool] = param(
        "Whether the home must be there; made from /etc/skel with mode 0700. True unless `system`.",
        default=None,
    )
    shell: Optional[str] = param(
        "Absolute path of a program that is there.", default=None, pattern="^/[^:\n]*$"
    )
    locked: Optional[bool] = param("True: neither password nor key opens it. False: both may.", default=None)
    password: Optional[dict[str, Any]] = param(
        "Its hash as crypt(5) writes it, from one of `env`, `file` or `value`; * for none.",
        default=None,
        schema=_SOURCE,
    )
    authorized_keys: Optional[list[str]] = param(
        "Exactly the lines of ~/.ssh/authorized_keys.",
        default=None,
        schema={"type": "array", "items": {"type": "string"}},
    )
    also_authorized_keys: list[str] = param("Keys that must be among them.", default=[])
    remove_home: bool = param("With `ensure: absent`: remove the home and all that is in it.", default=False)
    may_lock_me_out: Optional[str] = param(
        "Why a change may lock out whoever runs this, or root.", default=None, pattern=r"\S"
    )

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about what cannot be a key, a hash or a home, and about words that exclude each other."""
        for first, second in (("groups", "also_groups"), ("authorized_keys", "also_authorized_keys")):
            if params.get(first) is not None and params.get(second):
                yield Complaint((second,), f"stands beside {first}, which names them all")
        for name in ("authorized_keys", "also_authorized_keys"):
            for index, line in enumerate(params.get(name) or ()):
                problem = "" if "{{" in line else key_lines.complaint_about(line)
                if problem:
                    yield Complaint((name, index), problem)
        if params.get("remove_home") and params.get("ensure", "present") != "absent":
            yield Complaint(("remove_home",), "needs ensure: absent")
        home = params.get("home") or "/x"
        if problem_of(home) and "{{" not in home:
            yield Complaint(("home",), problem_of(home))
        yield from _complaints_of_password(params.get("password"))

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Read the hash, which is a secret."""
        form = params.get("password")
        return params if form is None else {**params, "password": prepared("password", form, desk)}

    @classmethod
    def needs_reason(cls, params: Mapping[str, Any]) -> bool:
        """Tell that a home that was removed does not come back."""
        return bool(params.get("remove_home"))

    def desired(self) -> Optional[State]:
        """Return what is declared; secrets as a keyed digest, keys by their fingerprint."""
        return None if self.ensure == "absent" else self._declared().state(self.keyed)

    def observe(self) -> Optional[State]:
        """Return the account, and of its home what is declared.

        Raises Conflict for another number, another thing in place of the home, an account of a directory
        service, and what would lock out whoever runs this.
        """
        books = Books()
        if books.passwd.entry(self.name) is None:
            if _known_elsewhere(self.name):
                raise elsewhere("user", self.name)
            return None
        found = self._account().state(books, self._declared(), home=self.ensure == "present")
        self._guard(Change(found, self.desired()), books)
        return found

    def places(self) -> tuple[str, ...]:
        """Return the name that stands for the user."""
        return (f"user {self.name}",)

    def workplaces(self) -> tuple[str, ...]:
        """Return the folder of the home, where a new one is put together."""
        return (os.path.dirname(self.home or f"/home/{self.name}"),)

    def ready(self, change: Change, content: Content) -> None:
        """Raise StepFailed when the former entries are not at hand."""
        former = (change.after or {}).get("record")
        if former is not None and former != (change.before or {}).get("record"):
            AccountRecord.kept(content, str(former), self.keyed)

    def apply(self, change: Change, content: Content) -> None:
        """Make, alter, restore or remove the account, under the lock of all tools for accounts."""
        if not self.digest_key:
            raise Unavailable(f"without the digest key nothing of {self.name} could be put back later")
        account = self._account()
        with at_work() as books:
            self._guard(change, books)
            account.require_known(books, change)
            if change.after is None:
                account.remove(books, content, self._declared())
            elif "record" in change.after:
                account.restore(books, change, content)
            else:
                account.reach(books, self._declared(), content)

    def preview(self, change: Change, content: Content) -> str:
        """Say what a removal does with the home."""
        if not change.removes or self.ensure != "absent":
            return ""
        home = (change.before or {}).get("home")
        return (
            f"the home {home} is removed, with everything in it"
            if self.remove_home
            else f"the home {home} stays"
        )

    def _account(self) -> Account:
        return Account(self.name, self.keyed if self.digest_key else None)

    def _declared(self) -> Declared:
        hash_ = None if self.password is None else source_of(self.password).text
        if hash_ is not None and not self.digest_key:
            raise Unavailable(f"without the digest key nobody can tell what the password of {self.name} is")
        wanted = {name: getattr(self, name) for name in Declared._fields if name != "password"}
        make_home = not self.system if self.create_home is None else self.create_home
        return Declared(**{**wanted, "create_home": make_home}, password=hash_)

    def _guard(self, change: Change, books: Books) -> None:
        """Refuse what would lock out whoever runs this, or root."""
        if change.before is None or change.empty or self.may_lock_me_out:
            return
        uid = int(str(change.before["uid"]))
        if uid and uid not in operators(books):
            return
        found = [*objections(change, administering()), *self._lost_keys(change, books)]
        if found:
            who = "root" if uid == 0 else "the account behind this run"
            raise Conflict(
                f"{self.name} is {who}, and this would {' and '.join(found)}",
                remedy="say why that is meant, as may_lock_me_out: REASON",
            )

    def _lost_keys(self, change: Change, books: Books) -> Iterator[str]:
        after = change.after or {}
        declared = self._declared()
        passwd = books.passwd.entry(self.name)
        if not declared.has_keys or "record" in after or passwd is None:
            return
        home = OwnHome(passwd, self.keyed)
        found = key_lines.keys_of(home.keys().content or b"")
        wanted = key_lines.keys_of(home.wanted(declared))
        stay = wanted[: len(found)] == found  # sshd takes the first that fits
        if not stay and not any(key_lines.opens_as_before(key, wanted) for key in found):
            yield "take away every key that opens it now, or what it may do"


def _complaints_of_password(form: Any) -> Iterator[Complaint]:
    if isinstance(form, Mapping) and "value" in form:
        text = source_of(form).text
        if text is not None and "{{" not in text and not is_hash(text):
            yield Complaint(("password",), "is no hash of crypt(5); `openssl passwd -6` makes one")


def _known_elsewhere(name: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
