"""A psycopg2 connection that answers as a psycopg 3 one does, as far as the live adapter asks.

Served are `execute`, `cursor`, `copy` from the client, `commit`, `rollback`, `close`, `autocommit`, `closed`,
and use as a context. Errors are raised as psycopg's, with their SQLSTATE: everybody above judges one kind.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

import psycopg
import psycopg2

from cutter.database.closing import Closing
from cutter.database.connections import time_limits
from cutter.database.failures import refused_connection
from cutter.database.places import Login, Place

if TYPE_CHECKING:
    from psycopg2 import extensions

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_IN_MEMORY = 8 * 1024 * 1024


class Psycopg2ConnectionShim:
    """Wraps an open psycopg2 connection; closing it closes that one."""

    def __init__(self, connection: extensions.connection) -> None:
        """Take the connection as it is, with the settings it has."""
        self._connection = connection

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit, or roll back after an error; then close, as psycopg 3 does and psycopg2 does not."""
        try:
            if kind is None:
                self.commit()
            elif not self.closed:
                self.rollback()
        finally:
            self.close()

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, be it because it was lost."""
        return bool(self._connection.closed)

    @property
    def autocommit(self) -> bool:
        """Whether each statement is its own transaction."""
        return bool(self._connection.autocommit)

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        with _translated():
            self._connection.autocommit = value

    def execute(self, query: str | bytes, params: Sequence[object] | None = None) -> CursorShim:
        """Run one statement and return the cursor that has its rows."""
        return self.cursor().execute(query, params)

    def cursor(self) -> CursorShim:
        """Return a new cursor."""
        with _translated():
            return CursorShim(self._connection.cursor(), self)

    def commit(self) -> None:
        """Commit the transaction."""
        with _translated():
            self._connection.commit()

    def rollback(self) -> None:
        """Roll the transaction back."""
        with _translated():
            self._connection.rollback()

    def close(self) -> None:
        """Close the connection; what was not committed is rolled back by the server."""
        self._connection.close()


class CursorShim(Closing):
    """A psycopg2 cursor with psycopg 3's way of being used."""

    def __init__(self, cursor: extensions.cursor, connection: Psycopg2ConnectionShim) -> None:
        """Wrap a cursor of a connection."""
        self._cursor = cursor
        self.connection = connection

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows that are left."""
        with _translated():
            yield from self._cursor

    @property
    def rowcount(self) -> int:
        """How many rows the last statement touched or found."""
        return int(self._cursor.rowcount)

    @property
    def description(self) -> Any:
        """The columns of the rows; None when there are none."""
        return self._cursor.description

    def execute(self, query: str | bytes, params: Sequence[object] | None = None) -> Self:
        """Run one statement; placeholders are filled in only where parameters are given."""
        with _translated():
            self._cursor.execute(query, params)
        return self

    def executemany(self, query: str | bytes, params: Iterable[Sequence[object]]) -> None:
        """Run one statement for each row of parameters."""
        with _translated():
            self._cursor.executemany(query, params)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None."""
        with _translated():
            return self._cursor.fetchone()

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """Return up to so many rows."""
        with _translated():
            return self._cursor.fetchmany(size)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""
        with _translated():
            return self._cursor.fetchall()

    @contextmanager
    def copy(self, statement: str | bytes) -> Iterator[CopyShim]:
        """Copy from the client: rows are gathered (beyond 8 MiB on disk) and sent when the block ends."""
        text = statement.decode() if isinstance(statement, bytes) else statement
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+b") as rows:
            yield CopyShim(rows)
            rows.seek(0)
            with _translated():
                self._cursor.copy_expert(text, rows)

    def close(self) -> None:
        """Close the cursor."""
        self._cursor.close()


class CopyShim:
    """Takes the rows of a COPY ... FROM STDIN in text format."""

    def __init__(self, rows: IO[bytes]) -> None:
        """Write into a file."""
        self._rows = rows

    def write_row(self, row: Sequence[object]) -> None:
        """Add one row of texts, numbers, truth values and None."""
        self._rows.write(("\t".join(map(_field, row)) + "\n").encode())


def open_psycopg2(place: Place, login: Login) -> Psycopg2ConnectionShim:
    """Return a new connection by psycopg2 with the time limits of every session of ours.

    Raises ConfigurationError and Unavailable.
    """
    given: dict[str, Any] = {"hostaddr": "", **place.words}
    if login.password is not None:
        given["password"] = login.password.reveal()
    try:
        with _translated():
            opened = psycopg2.connect(
                user=login.user, application_name="cutter", options=time_limits(), connect_timeout=10, **given
            )
    except psycopg.Error as error:
        raise refused_connection(
            error, f"{place.shown()} as {login.user}", login.user, place.origin
        ) from None
    return Psycopg2ConnectionShim(opened)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        raise _as_psycopg(error) from None


def _as_psycopg(error: psycopg2.Error) -> psycopg.Error:
    said = (error.diag.message_primary if error.pgcode else "") or str(error)
    if error.pgcode is None:
        lost = isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
        return psycopg.OperationalError(said) if lost else psycopg.DatabaseError(said)
    try:
        kind = psycopg.errors.lookup(error.pgcode)
    except KeyError:  # of our own making, like CT016
        kind = type("OwnError", (psycopg.DatabaseError,), {"sqlstate": error.pgcode})
    return kind(said, info=_fields(error.diag))


def _fields(diag: extensions.Diagnostics) -> dict[int, bytes | None]:
    """Return every field of a complaint (detail, hint, constraint, ...) as psycopg keeps them."""
    found = {field: getattr(diag, field.name.lower(), None) for field in psycopg.pq.DiagnosticField}
    return {field: None if text is None else str(text).encode() for field, text in found.items()}


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).translate(_ESCAPES)
