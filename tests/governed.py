"""A governed database for tests of what acts on it: schema, logins, a context, and the switch held on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from desk import FolderDesk
from laws import change_of

from cutter.database.connections import ConnectionProvider
from cutter.database.context import DatabaseContext
from cutter.database.switch import held_on
from cutter.filesystem.kept import KeptContent
from cutter.model.state import Change
from cutter.resource import Resource, type_complaints
from cutter.resources import resource_type

ROOMS = Path(__file__).parents[1] / "runbooks" / "documents"
_DUMP = """\
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname IN ('cutter', 'public') ORDER BY 1
"""


class Governed:
    """One database, and what it takes to act on it as a run would."""

    def __init__(self, provider: ConnectionProvider, folder: Path) -> None:
        """Take the database, and a folder for runbooks' files and kept content."""
        self.provider = provider
        self.folder = folder
        self.content = KeptContent(str(folder / "kept"))
        self.desk = FolderDesk(folder, self.content)
        self.entries: list[tuple[str, str, Mapping[str, Any]]] = []
        self.context = DatabaseContext(provider, self.entries_of, f"run-{uuid.uuid4().hex[:8]}")

    def entries_of(self, kinds: Collection[str]) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Return what the ledger of the test has of some kinds."""
        return [entry for entry in self.entries if entry[0] in kinds]

    def resource(self, name: str, **params: Any) -> Resource:
        """Return a resource as it arrives on its target."""
        kind = resource_type(name)
        assert type_complaints(kind, params) == []
        prepared = kind.prepare(dict(params), self.desk)
        assert type_complaints(kind, prepared) == []
        resource = kind(prepared, b"law")
        resource.context = self.context
        return resource

    def install(self) -> None:
        """Apply the cut_schema step."""
        self.apply(self.resource("cut_schema"))

    def apply(self, resource: Resource) -> Change:
        """Look, apply, look again; return the change that was made."""
        change = change_of(resource)
        resource.apply(change, self.content)
        assert change_of(resource).empty
        return change

    @contextmanager
    def switched_on(self) -> Iterator[None]:
        """Hold the kill switch on for the context's run."""
        connection = self.provider("OWNER")
        try:
            with held_on(connection, self.context.run, seconds=60, by="a test"):
                yield
        finally:
            connection.close()

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the owner, commit, and return its rows."""
        with self.provider("OWNER") as connection:
            done = connection.execute(text, values or None)
            return done.fetchall() if done.description else []

    def logical(self) -> dict[str, list[str]]:
        """Return every row of every table as text."""
        names = [name for (name,) in self.sql(_DUMP)]
        return {
            name: [row[0] for row in self.sql(f"SELECT t::text FROM {name} t ORDER BY 1")] for name in names
        }


def obeys_the_laws(
    governed: Governed,
    resource: Resource,
    *,
    start: Callable[[], object] | None = None,
    lasting: tuple[str, ...] = (),
) -> None:
    """Check the laws for one resource of a database; the inverse restores all tables but `lasting` ones."""
    if start is not None:
        start()
    before = governed.logical()
    change = change_of(resource)
    assert governed.logical() == before, "observing changed something"
    assert not change.empty, "the case does not change anything, so it shows nothing"

    resource.apply(change, governed.content)
    after = governed.logical()
    again = change_of(resource)
    assert again.empty, f"a second look would change {sorted(again.keys)}"
    assert governed.logical() == after, "observing changed something"
    assert after != before, "nothing came of it"

    resource.apply(Change(before=again.before, after=change.before), governed.content)
    assert resource.observe() == change.before, "the inverse did not restore the state"
    restored = governed.logical()
    assert {name: rows for name, rows in restored.items() if name not in lasting} == {
        name: rows for name, rows in before.items() if name not in lasting
    }, "the inverse did not restore the world"
