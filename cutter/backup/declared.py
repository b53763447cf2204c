"""What steps about backups declare alike: which key, where the backups lie, what they are of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from cutter.backup.policy import KEY_NAME, SCHEMAS, Policy, fingerprint_in
from cutter.backup.records import records_of, too_old
from cutter.filesystem.walk import problem_of
from cutter.model.durations import PATTERN
from cutter.model.state import Change, State
from cutter.resource import Complaint, Resource, param

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_PATHS = ("folder", "home", "env_file", "copy_to", "file", "certificate")
_LIST = {"type": "array", "items": {"type": "string"}}


class KeyDeclared(Resource):
    """A step that works with the key of the backups."""

    home: str = param("Absolute path of the GNUPGHOME with the key.", pattern="^/")
    recipient: str | None = param(
        "Fingerprint of the key, 40 upper-case hexadecimal digits.", default=None, pattern="^[0-9A-F]{40}$"
    )
    env_file: str | None = param("The file that names the key, instead of recipient.", default=None)
    key: str = param("Under which name env_file has the fingerprint.", default=KEY_NAME)

    _told: tuple[State | None] | None = None

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Yield complaints about paths, names, and about none or two ways to name the key."""
        if bool(params.get("recipient")) == bool(params.get("env_file")):
            yield Complaint((), "needs exactly one of recipient and env_file")
        for name in _PATHS:
            path = params.get(name)
            if path and "{{" not in path and problem_of(path):
                yield Complaint((name,), problem_of(path))

    def fingerprint(self) -> str:
        """Return the fingerprint of the key. Raises ConfigurationError when the env file does not name it."""
        return self.recipient or fingerprint_in(str(self.env_file), self.key)

    def forget(self, change: Change) -> bool:
        """Begin an `apply`; True when it only takes back: what was recorded stays recorded."""
        self._told = (None,)
        return change.after is None


class BackupDeclared(KeyDeclared):
    """A step about the backups in a folder."""

    folder: str = param("Absolute path of the folder of the backups; made with mode 0750.", pattern="^/")
    schemas: list[str] | None = param(
        f"What is dumped: whole schemas; {', '.join(SCHEMAS)} when neither they nor tables are named.",
        default=None,
        schema=_LIST,
    )
    tables: list[str] | None = param(
        "What is dumped, more narrowly: tables as schema.table.", default=None, schema=_LIST
    )

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Yield complaints about names that are not plain, and about schemas beside tables."""
        yield from super().check(params)
        if params.get("schemas") and params.get("tables"):
            yield Complaint(("tables",), "stand beside schemas; pg_dump would leave the schemas out")
        for index, name in enumerate(params.get("schemas") or ()):
            if not _NAME.fullmatch(name) and "{{" not in name:
                yield Complaint(("schemas", index), f"{name!r} is not a plain name")
        for index, name in enumerate(params.get("tables") or ()):
            parts = name.split(".")
            if "{{" not in name and (len(parts) != 2 or not all(map(_NAME.fullmatch, parts))):  # noqa: PLR2004 - schema, table
                yield Complaint(("tables", index), f"{name!r} is not schema.table")

    def policy(self, **more: Any) -> Policy:
        """Return how backups are made, the key's name looked up. Raises ConfigurationError."""
        tables = tuple(self.tables or ())
        schemas = () if tables else tuple(self.schemas or SCHEMAS)
        return Policy(self.folder, self.home, self.fingerprint(), schemas, tables, **more)


class ProofDeclared(BackupDeclared):
    """A step that shows something of the backups; its state is the newest record of that."""

    max_age: str | None = param(
        "How long it counts once it was shown, like 30d.", default=None, pattern=PATTERN
    )

    event = True
    kind: ClassVar[str]
    """What its records are about: the name of its type."""

    def subject(self) -> str:
        """Return what stands in a record of it that is about the same. Raises ConfigurationError."""
        raise NotImplementedError

    def observe(self) -> State | None:
        """Return the newest record of it on this database."""
        if self._told is not None:
            return self._told[0]
        subject, newest = self.subject(), None
        for record in records_of({self.kind}, self.there.entries, self.there.identity()):
            if record.seen.get("subject") == subject:
                newest = record
        return None if newest is None or too_old(newest, self.max_age) else newest.seen
