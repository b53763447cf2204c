"""Connections by login: each fresh, not in autocommit, with time limits, and of a server new enough."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from cutter.database.closing import Closing
from cutter.database.failures import refused_connection, told
from cutter.database.places import ROLE_LOGINS, Login, Place, place_of
from cutter.database.statements import statements
from cutter.errors import ConfigurationError, CutterError
from cutter.model.inventory import Database

if TYPE_CHECKING:
    import psycopg

    from cutter.database.embedded import EmbeddedServer

    Connection = psycopg.Connection[tuple[Any, ...]]
    C = TypeVar("C", bound=Connection)

OLDEST = 14
TIMEOUTS: Mapping[str, str] = MappingProxyType(
    {
        "lock_timeout": "5s",
        "statement_timeout": "10min",
        "idle_in_transaction_session_timeout": "60s",
        "client_connection_check_interval": "1s",  # a statement ends soon after a client that was killed
    }
)
_CONNECT_SECONDS = 10


class ConnectionProvider(Closing):
    """Gives connections to one database: ``provider("WRITER")``; the caller closes each.

    A context manager: it holds the embedded server, where the database has one, until it is closed.
    """

    def __init__(self, database: Database) -> None:
        """Take the database as the inventory has it; nothing is read or started yet."""
        self.database = database
        self._server: EmbeddedServer | None = None
        self._place: Place | None = None

    def __call__(self, login: str) -> Connection:
        """Return a new connection of a login (READER, WRITER, ...; see places.LOGINS).

        Raises ConfigurationError for a login that is not configured, a wrong password and a server older
        than `OLDEST`, Unavailable when there is no answer.
        """
        import psycopg

        return self.of_kind(psycopg.Connection, login)

    def of_kind(self, kind: type[C], login: str) -> C:
        """Return such a connection, of a subclass of psycopg's."""
        place, named = self.place, f"{self.database.name} as {login}"
        try:
            return connect(kind, place, place.login(login), named=named)
        except ConfigurationError as refusal:
            if login == "OWNER" or not _is_missing(place, login):
                raise
            raise ConfigurationError(
                f"the user {place.login(login).user} does not exist",
                place=named,
                remedy="apply the cut_schema step, which makes it",
            ) from refusal

    def by_role(self, role: str) -> Connection:
        """Return a new connection of the login behind a role: cut, governance, verify, reader, ..."""
        if role not in ROLE_LOGINS:
            raise ConfigurationError(f"there is no role {role!r}; there are {', '.join(ROLE_LOGINS)}")
        return self(ROLE_LOGINS[role])

    def has(self, login: str) -> bool:
        """Tell whether a login is configured."""
        return self.place.has(login)

    @property
    def watcher(self) -> str:
        """The login that sees most of the database, and looks before and after a rehearsal."""
        return "OWNER" if self.has("OWNER") else "VERIFY"

    @property
    def place(self) -> Place:
        """Where the database is; the embedded server is started, its database made, when that is needed."""
        if self.database.embedded is not None:
            self._serve(self.database.embedded)
        if self._place is None:
            self._place = place_of(self.database, self._server.socket_folder if self._server else "")
        return self._place

    @property
    def production(self) -> bool:
        """Whether what is written there counts: a copy of a production database is none."""
        return self.database.production

    def close(self) -> None:
        """Let go of the embedded server; connections that are open end with it."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _serve(self, folder: str) -> None:
        from cutter.database.embedded import EmbeddedServer

        if self._server is None:
            self._server = EmbeddedServer(folder)
            self._server.start()
            self._server.create_database(self.database.dbname or self.database.name)
        else:
            self._server.start()


def connect(kind: type[C], place: Place, login: Login, *, named: str = "", seconds: int = 0) -> C:
    """Return a new connection with the time limits of every session of ours.

    `named` says which one it is, for messages; `seconds` is how long to wait for an answer, where that
    differs from the usual. Raises ConfigurationError and Unavailable.
    """
    import psycopg

    where = named or f"{place.shown()} as {login.user}"
    given: dict[str, Any] = {"hostaddr": "", "connect_timeout": seconds or _CONNECT_SECONDS, **place.words}
    if login.password is not None:
        given["password"] = login.password.reveal()
    try:
        connection = kind.connect(user=login.user, application_name="cutter", options=time_limits(), **given)
    except psycopg.Error as error:
        raise refused_connection(error, where, login.user, place.origin) from None
    _demand_version(connection, where)
    return connection


def _is_missing(place: Place, login: str) -> bool:
    """Ask, as the owner, whether there is no such user: whom it does not know, a server refuses as anyone."""
    import psycopg

    if not (place.has("OWNER") and place.has(login)):
        return False
    try:
        with closing(connect(psycopg.Connection, place, place.logins["OWNER"])) as owner, told("users"):
            row = owner.execute(statements("connections")["user"], (place.login(login).user,)).fetchone()
    except CutterError:
        return False
    return row is None


def time_limits() -> str:
    """Return the options of a connection that set its time limits."""
    return " ".join(f"-c {key}={value}" for key, value in TIMEOUTS.items())


def identity(connection: Connection) -> str:
    """Return ``postgresql:SYSTEM IDENTIFIER:OID:NAME`` of the connection's database, the same at every call.

    A copy, be it restored elsewhere or under another name, has another identity.
    """
    with told("identity"):
        row = connection.execute(statements("connections")["identity"]).fetchone()
    return str(row[0]) if row else ""


def _demand_version(connection: Connection, where: str) -> None:
    version = connection.info.server_version // 10000
    if version < OLDEST:
        connection.close()
        raise ConfigurationError(
            f"the server is PostgreSQL {version}, and {OLDEST} is the oldest that can be used",
            place=where,
            remedy=f"upgrade the server to PostgreSQL {OLDEST} or newer",
        )
