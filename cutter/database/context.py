"""What a step gets that acts on a database: connections of its own, or the one of a rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from cutter.database.connections import ConnectionProvider, identity
from cutter.database.places import LOGINS
from cutter.database.rehearsal import Rehearsal

if TYPE_CHECKING:
    from cutter.database.rehearsal_connection import RehearsalConnection

LOGIN = "REHEARSAL"
"""The login that rehearses: it may take on the role of every leg, and is used for nothing else."""

Entries = Callable[[Collection[str]], Iterable[tuple[str, str, Mapping[str, Any]]]]


Progress = Callable[[str, int, int], None]
"""Hears what is being done, how far it has come, and how far it will go."""


class DatabaseContext:
    """What a resource gets that acts on a database; see cutter.resource.Context."""

    rehearsing = False

    def __init__(
        self,
        provider: ConnectionProvider,
        entries: Entries,
        run: str = "",
        hears: Progress | None = None,
        scope: Any = None,
    ) -> None:
        """Take the database, the ledger's entries, the run and its scope, and who hears of long work."""
        self.progress = hears
        self.scope = scope
        self.provider = provider
        self.database = provider.database.name
        self.entries = entries
        self.run = run

    def connection(self, login: str) -> Any:
        """Return a new connection of a login."""
        return self.provider(login)

    def by_role(self, role: str) -> Any:
        """Return a new connection of the login behind a role."""
        return self.provider.by_role(role)

    def logins(self) -> Mapping[str, Any]:
        """Return the configured logins."""
        place = self.provider.place
        return {name: place.login(name) for name in LOGINS if place.has(name)}

    def identity(self) -> str:
        """Return what tells this database from every other."""
        connection = self.provider("OWNER" if self.provider.has("OWNER") else "READER")
        try:
            return identity(connection)
        finally:
            connection.close()


class Lent:
    """A rehearsal's connection as a step gets it: closing it, or wishing it read only, is without effect."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        """Lend the connection of a rehearsal."""
        self.rehearsal = rehearsal
        self.lent: RehearsalConnection = rehearsal.connection
        self.read_only = False

    def __getattr__(self, name: str) -> Any:
        """Return what the connection has."""
        return getattr(self.lent, name)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """Leave the connection open."""

    def close(self) -> None:
        """Leave the connection open: the next step goes on in the same transaction."""

    def foreign(self, text: str) -> int:
        """Run foreign SQL text where it cannot end the transaction."""
        return self.rehearsal.foreign(text)


class RehearsedContext(DatabaseContext):
    """The same inside a rehearsal: every connection is the one of the rehearsal."""

    rehearsing = True

    def __init__(self, outside: DatabaseContext, rehearsal: Rehearsal) -> None:
        """Take the context outside and the rehearsal."""
        super().__init__(outside.provider, outside.entries, outside.run, outside.progress, outside.scope)
        self._lent = Lent(rehearsal)

    def connection(self, login: str) -> Any:
        """Return the rehearsal's connection."""
        return self._lent

    def by_role(self, role: str) -> Any:
        """Return the rehearsal's connection."""
        return self._lent
