"""A connection whose one transaction can only be rolled back, and that looks after every statement.

Our own fixed statements run on it as on any other; foreign text runs only through `Rehearsal.foreign`, inside
PL/pgSQL, where PostgreSQL refuses whatever would end the transaction. Every statement goes by the extended
protocol, which takes one statement at a time. After any error the connection is closed, so that nothing can
go on in another transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutter.database.statements import statements
from cutter.errors import Breached, CutterError, Unprovable

if TYPE_CHECKING:
    import psycopg

    from cutter.database.rehearsal_connection import RehearsalConnection

_REFUSED_END = "2D000"
_NOT_SUPPORTED = "0A000"
_GUARD_FIRED = "CT013"
_OUTSIDE = "25001"


class Rehearsal:
    """One armed transaction. `connection` is for fixed statements; `complaint` is set once it is over."""

    def __init__(self, connection: RehearsalConnection) -> None:
        """Arm the connection's transaction. Raises psycopg's errors."""
        self.connection = connection
        self.pid = connection.info.backend_pid
        self.count = 0
        self.complaint: CutterError | None = None
        self.going_on = True
        self._failed = self._watching = False
        row = connection.execute(statements("rollback_only")["arm"]).fetchone()
        self.xid = str(row[0]) if row else ""
        connection.rehearsal = self
        self._watching = True

    def by_role(self, role: str) -> RehearsalConnection:
        """Return the connection, for any role: what is rehearsed has only this one."""
        del role
        return self.connection

    def foreign(self, text: str) -> int:
        """Run foreign SQL text, with the rights of the connection's role; return the rows it touched.

        Raises Breached, Unprovable, and psycopg's errors for anything else.
        """
        import psycopg

        from cutter.database.suspicion import suspicion

        reason = suspicion(text)
        try:
            row = self.connection.execute(statements("rollback_only")["run"], (text,)).fetchone()
        except psycopg.Error as error:
            told = self._judged(error, reason, inside=True)
            if told is None:
                raise
            raise told from None
        if reason:
            raise self._over(Breached(reason))
        return int(row[0]) if row else 0

    def force_constraints(self) -> None:
        """Have every deferred constraint checked now, as a commit would, but not the guard's own."""
        known = statements("rollback_only")
        row = self.connection.execute(known["constraints"]).fetchone()
        if row and row[0]:
            self.connection.execute(str(row[0]).encode())
            self.connection.execute(
                str(row[0]).replace(" IMMEDIATE", " DEFERRED").encode()
            )  # as after a commit

    def finish(self) -> None:
        """Check what a commit would check, look once more, and roll back.

        Raises Breached when the transaction is not the one that was armed.
        """
        if self.connection.closed:
            swallowed = Breached("the work went on after an error")
            rolled_back = Unprovable("the work rolled back by itself: what it did cannot be judged")
            raise self.complaint or (swallowed if self._failed else rolled_back)
        self.force_constraints()
        self._look()
        self.going_on = self._watching = False
        self.connection.end()

    def after(self, error: BaseException | None) -> None:
        """Look, after whatever ran, whether it is still the same transaction."""
        import psycopg

        if not self._watching:
            return
        self.count += 1
        if isinstance(error, psycopg.Error):
            self._failed = True
            self.complaint = self.complaint or self._judged(error, "", inside=False)
            self.discard()
        elif error is not None and not isinstance(error, Exception):
            self.discard()  # it was interrupted: the statement was cancelled, and the transaction with it
        else:
            self._look()

    def _look(self) -> None:
        self._watching = False
        row = self.connection.execute(statements("rollback_only")["xid"]).fetchone()
        self._watching = True
        if row != (self.xid,):
            raise self._over(Breached("a statement ended the transaction"))

    def discard(self) -> None:
        """Close the connection: whatever the transaction did is rolled back by the server."""
        self.going_on = self._watching = False
        self.connection.shut()

    def _over(self, complaint: CutterError) -> CutterError:
        self.complaint = complaint
        self.discard()
        return complaint

    def _judged(self, error: psycopg.Error, reason: str, *, inside: bool) -> CutterError | None:
        """Return what an error says about the proof; None when it is an ordinary one."""
        code, said = error.sqlstate, error.diag.message_primary or str(error)
        if code == _GUARD_FIRED and inside:
            return self._over(Unprovable("a statement forces all constraints, the guard among them"))
        refused = code == _REFUSED_END or (code == _NOT_SUPPORTED and "transaction" in said)
        if code == _GUARD_FIRED or refused or reason:
            return self._over(Breached(reason or f"a statement tried to end the transaction: {said}"))
        if code == _OUTSIDE or (code == _NOT_SUPPORTED and "COPY" in said):
            return self._over(Unprovable(said))
        return None
