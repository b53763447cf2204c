"""The live adapter: the one place from which a governed document is written into a database.

Cut, record and verify are one transaction of one login, each leg narrowed to its own role; enactment is
another. The adapter never commits by itself: `commit` is a call of its own, and refuses what is not verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from cutter.cut import committing, lifecycle
from cutter.cut.committing import Work, recorded
from cutter.cut.complaints import ROLLED_BACK, complained
from cutter.cut.cutplan import Cutplan
from cutter.cut.documents import cut_name, version_name
from cutter.cut.recorders import CutLeg, RunContext, VerifyLeg, governance_writer, verify_writer
from cutter.cut.roles import Connection, ConnectionProvider, acting_as, one
from cutter.cut.rows import CutplanRow
from cutter.cut.statements import statements
from cutter.cut.telling import Hears
from cutter.database.closing import Closing
from cutter.database.switch import demand
from cutter.errors import Conflict, StepFailed

if TYPE_CHECKING:
    import psycopg

WRITER = "cut"
"""The role by which the provider is asked for the one connection of cut, record and verify."""
ENACTOR = "enact"
_CUT = "cut the units"
_UNITS = "cutter.units"


class ProductionLiveExecutionAdapter(Closing):
    """Cuts, records, verifies and enacts, each only while the kill switch is on for this run.

    `connection_provider(role)` is asked once for "cut" and, when something is enacted, once for "enact"; it
    may give the same connection for both. As a context manager it rolls back what was not committed.
    """

    def __init__(
        self, connection_provider: ConnectionProvider, run_context: RunContext, hears: Hears | None = None
    ) -> None:
        """Remember them; nothing is connected yet. `hears` is told how far a leg has come."""
        self._hears = hears
        self._provider = connection_provider
        self._context = run_context
        self._connections: dict[str, Connection] = {}
        self._unverified: set[int] = set()
        self._work: dict[str, list[Work]] = {WRITER: [], ENACTOR: []}

    def cut_leg_a(self, plan: Cutplan) -> CutLeg:
        """Write the rows of a plan; the transaction stays open.

        Raises KillSwitchOff, InvalidDocument for rows of no genuine text, Conflict for a version that is not
        loaded or was cut by another plan, StepFailed for rows that the database refuses.
        """
        connection = self._switched_on(WRITER, "cut")
        self._as_expected(plan)
        with complained("cut_leg_a"), acting_as(connection, "cut"):
            leg = self._written(connection, plan.guarded)
        self._unverified.add(leg.cut_id)
        return leg

    def leg_b_record(self, leg: CutLeg) -> int:
        """Record the cut in the governance record and return the number of its record."""
        connection = self._switched_on(WRITER, "governance")
        with complained("leg_b_record"):
            return governance_writer(self._context)(connection, leg)

    def write_verify(self, leg: CutLeg, plan: Cutplan) -> VerifyLeg:
        """Compare what is in the database with the plan, every row, and seal the cut."""
        connection = self._switched_on(WRITER, "verify")
        with complained("write_verify"):
            verdict = verify_writer(self._context)(connection, leg, plan.rows)
        self._unverified.discard(leg.cut_id)
        proof = recorded("cut", verdict.record, leg.cut_id, leg.writer_digest)
        self._work[WRITER].append(Work(cut_name(plan.document_ref, plan.version), proof))
        return verdict

    def lifecycle_enact(self, document_ref: str, version: int, effective_from: date) -> str:
        """Put a cut version into force from a day: enacted, or exists. The one in force ends that day."""
        connection = self._switched_on(ENACTOR, "enact")
        run = self._context.run
        with complained("lifecycle_enact"), acting_as(connection, "enact"):
            status = lifecycle.enact(connection, document_ref, version, effective_from, run)
        if status == "enacted":
            name = f"the enactment of {version_name(document_ref, version)}"
            proof = recorded("enacted", run, document_ref, version, effective_from)
            self._work[ENACTOR].append(Work(name, proof))
        return status

    def execute(self, plan: Cutplan) -> tuple[CutLeg, VerifyLeg]:
        """Cut, record, verify and commit a plan: all of it or nothing."""
        try:
            leg = self.cut_leg_a(plan)
            self._tell("record the cut")
            self.leg_b_record(leg)
            self._tell("verify the cut")
            verdict = self.write_verify(leg, plan)
            self._tell("commit the cut")
            self.commit()
        except BaseException:
            self.close()
            raise
        return leg, verdict

    def commit(self) -> None:
        """Commit what was done; where a connection is lost meanwhile, what came of it is found out.

        Raises StepFailed, and rolls back, when a cut in it is not verified; Unavailable when all is rolled
        back; Interrupted when nobody can be asked whether it is.
        """
        if self._unverified:
            self.close()
            raise StepFailed(
                "a cut is not verified, so it cannot be committed", place="commit", world=ROLLED_BACK
            )
        for connection in dict.fromkeys(self._connections.values()):
            self._commit(connection)

    def _commit(self, connection: Connection) -> None:
        logins = [login for login, held in self._connections.items() if held is connection]
        work = _together([done for login in logins for done in self._work[login]])
        is_whole = committing.commit(connection, self._provider, work)
        for login in logins:
            self._work[login].clear()
            if not is_whole:
                del self._connections[login]

    def close(self) -> None:
        """Roll back what was not committed and close the connections."""
        for connection in dict.fromkeys(self._connections.values()):
            connection.close()  # the server rolls back what its client leaves open
        self._connections.clear()
        self._unverified.clear()
        self._work = {WRITER: [], ENACTOR: []}

    def _switched_on(self, login: str, role: str) -> Connection:
        """Return the connection behind a login, if the kill switch is on as the role sees it."""
        if login not in self._connections:
            self._connections[login] = self._provider(login)
        connection = self._connections[login]
        with complained("kill switch"), acting_as(connection, role):
            demand(connection, self._context.run)
        return connection

    def _as_expected(self, plan: Cutplan) -> None:
        expected = self._context
        if dict(plan.counts) != dict(expected.expected_section_types):
            raise Conflict(
                f"the plan has {dict(plan.counts)}, the run expects {dict(expected.expected_section_types)}",
                place=plan.document_ref,
                remedy="correct expect: or the document",
            )

    def _written(self, connection: Connection, plan: Cutplan) -> CutLeg:
        known, run = statements("legs"), self._context.run
        status, cut_id, document_id = one(
            connection,
            *("legs", "open", plan.document_ref, plan.version, plan.source_digest, plan.grammar_digest),
            *(plan.pin, self._context.expected_count, plan.root, run),
        )
        self._tell("stage the units")
        connection.execute(known["stage"])
        _staged(connection, plan.rows)
        with self._told_of_units(connection, len(plan.rows)):
            created, exists = one(connection, "legs", "create", document_id, run)
        connection.execute(known["drop"])
        return CutLeg(cut_id, document_id, status, created, exists, plan.root)

    def _tell(self, what: str, done: int = 0, total: int = 0) -> None:
        if self._hears is not None:
            self._hears(what, done, total)

    @contextmanager
    def _told_of_units(self, connection: Connection, total: int) -> Iterator[None]:
        """Have the server say, every thousand units, how far it is, where somebody hears it."""
        if self._hears is None:
            yield
            return

        def noted(notice: psycopg.errors.Diagnostic) -> None:
            name, _, number = (notice.message_primary or "").partition(" ")
            if name == _UNITS and number.isdigit():
                self._tell(_CUT, int(number), total)

        self._tell(_CUT, 0, total)
        connection.execute(statements("legs")["tell"])
        connection.add_notice_handler(noted)
        try:
            yield
        finally:
            connection.remove_notice_handler(noted)


def _together(work: Sequence[Work]) -> Work:
    """Return works of one transaction as one: they are committed together or not at all."""
    name = " and ".join(done.what for done in work) or "what was done"
    return Work(name, lambda reader: all(done.is_recorded(reader) for done in work))


def _staged(connection: Connection, rows: Iterable[CutplanRow]) -> None:
    with connection.cursor().copy(statements("legs")["fill"]) as copy:
        for row in rows:
            copy.write_row((
                *(row.ordinal, row.unit_ref, row.unit_kind, row.section_type, row.title, row.body),
                *(row.owner_ref, row.parent_ref, row.body_hash),
            ))  # fmt: skip
