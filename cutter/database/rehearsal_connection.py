"""The connection of a rehearsal; import it late, for it brings psycopg."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from cutter.database.rehearsal import Rehearsal


class RehearsalConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that never commits: where others commit, its deferred constraints are checked.

    Closing it, or leaving it as a context, is for the work a word of farewell: the rehearsal has it still. A
    rollback ends the rehearsal.
    """

    rehearsal: Rehearsal | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what any connection takes."""
        super().__init__(*args, **kwargs)
        self.cursor_factory = _WatchedCursor

    def commit(self) -> None:
        """Check what a commit would check."""
        if self.rehearsal is not None:
            self.rehearsal.force_constraints()

    def rollback(self) -> None:
        """End the rehearsal."""
        if self.rehearsal is not None:
            self.rehearsal.discard()

    def close(self) -> None:
        """Do nothing while the rehearsal goes on."""
        if self.rehearsal is None or not self.rehearsal.going_on:
            super().close()

    def end(self) -> None:
        """Roll back for real, and stay connected."""
        super().rollback()

    def shut(self) -> None:
        """Close for real; the server rolls back."""
        super().close()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Do as with any other connection, except that it stays open."""
        if exc_val is None:
            self.commit()
        else:
            self.rollback()


class _WatchedCursor(psycopg.Cursor[Any]):
    """A cursor after whose every statement the rehearsal looks."""

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        with _looked_after(self):
            return super().execute(*args, **kwargs)

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        with _looked_after(self):
            super().executemany(*args, **kwargs)

    @contextmanager
    def copy(self, *args: Any, **kwargs: Any) -> Iterator[psycopg.Copy]:
        with _looked_after(self), super().copy(*args, **kwargs) as copy:
            yield copy

    def _execute_send(self, query: Any, **kwargs: Any) -> None:
        """Send by the extended protocol, which takes one statement and no more."""
        super()._execute_send(query, **{**kwargs, "force_extended": True})


@contextmanager
def _looked_after(cursor: Any) -> Iterator[None]:
    rehearsal = getattr(cursor.connection, "rehearsal", None)
    error: BaseException | None = None
    try:
        yield
    except BaseException as raised:
        error = raised
        raise
    finally:
        if rehearsal is not None:
            rehearsal.after(error)
