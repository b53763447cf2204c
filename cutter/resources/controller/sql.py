"""A file of SQL that is run once, with a check that says whether it is done and a file that undoes it.

As a step:

    - name: Index on the owner
      sql: {file: sql/owner.sql, check: sql/owner.check.sql, undo: sql/owner.undo.sql, login: OWNER}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Literal

from cutter.backup.pre_write import before_production
from cutter.database.failures import told
from cutter.database.foreign import run_foreign, truth_of
from cutter.database.psql_commands import psql_command
from cutter.errors import InvalidDocument, StepFailed, Unprovable
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change, State
from cutter.resource import Content, Desk, Resource, param

_AS_OWNER = "it runs as OWNER, who owns what holds a proof back: no proof of it is sound"


class Sql(Resource):
    """Statements in a file, run in one transaction that they cannot end.

    The check is a query of one row with one truth value, run in a READ ONLY transaction, before and after.
    The schema must be installed: what keeps the statements in their transaction is part of it. A proof runs
    them as REHEARSAL. What runs as OWNER cannot be proved: who owns the guard is not held back by it.
    """

    file: str = param("The statements, relative to the runbook's folder.")
    check_: str = param("The query that says whether they are done.")
    undo: str | None = param(
        "The statements that take them back; without, irreversible: is needed.", default=None
    )
    login: Literal["WRITER", "ENACT", "VERIFY", "OWNER"] = param("The login that runs all of them.")
    texts: dict[str, str] = param("The content of the files.", default=None, internal=True)

    provable = True

    @classmethod
    def needs_reason(cls, params: Mapping[str, Any]) -> bool:
        """Tell whether there is no undo."""
        return params.get("undo") is None

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Read the files. Raises InvalidDocument for one that is not text."""
        names = {name: params[name] for name in ("file", "check", "undo") if params.get(name)}
        return {**params, "texts": {name: _text(desk.read(path), path) for name, path in names.items()}}

    def desired(self) -> State | None:
        """Return that the check holds, and of which statements."""
        return {"statements": bytes_digest(self.texts["file"].encode())}

    def summary(self, change: Change) -> str:
        """Return what a reader must know of statements that run as the owner."""
        return _AS_OWNER if self.login == "OWNER" and not change.empty else ""

    def observe(self) -> State | None:
        """Return the same when the check says true, None when it does not."""
        with self._connected() as connection:
            connection.read_only = True
            try:
                holds = truth_of(connection, self.texts["check"])
            except LookupError as error:
                raise StepFailed(str(error), place=self.file) from None
        return self.desired() if holds else None

    def apply(self, change: Change, content: Content) -> None:
        """Run the statements, or those that undo them, and commit; on production only after a backup."""
        before_production(self.there)
        text = self.texts["undo" if change.after is None else "file"]
        with self._connected() as connection:
            run_foreign(connection, text)
            connection.commit()

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        if self.login == "OWNER" and self.there.rehearsing:
            raise Unprovable(_AS_OWNER, place=self.file, remedy="have a login of fewer rights run it")
        with closing(self.there.connection(self.login)) as connection, told(self.file):
            yield connection


def _text(content: bytes, path: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidDocument(f"{path} is not UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidDocument("a NUL character cannot be part of SQL", place=f"{path}:{line}")
    command = psql_command(text)
    if command is not None:
        raise InvalidDocument(
            f"{command.text} is a command of psql, which the server does not know",
            place=f"{path}:{command.line}",
            remedy="write it as SQL",
        )
    return text
