"""What allows taking back one cut: the approval that made it, for a while; for that very cut and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cutter.app.run_scoping import ENTRY
from cutter.errors import ApprovalRefused, KillSwitchOff

if TYPE_CHECKING:
    from cutter.app.applying import WritingSession
    from cutter.app.reverting_cut import CutRevert
    from cutter.cut.roles import Connection

_LEASE_SECONDS = 900
_OWN = "revert it by an approved plan of its own: a runbook with a kill_switch, planned, requested and signed"


def refuse_unauthorised(session: WritingSession, revert: CutRevert, run: str) -> None:
    """Raise KillSwitchOff for a cut that no approval made, ApprovalRefused where that allows it no longer."""
    from cutter.cut.reading import reading

    context = session.workspace.database_context(revert.named.database, run)
    with reading(context.by_role) as connection:
        _refuse(connection, revert, run)


@contextmanager
def switched_on_for(session: WritingSession, revert: CutRevert, run: str) -> Iterator[None]:
    """Have the switch on for the removal of this cut, unless the run has it on anyway; off in the end.

    Raises ApprovalRefused, and ConfigurationError without the login AUTHORISER.
    """
    from cutter.cut.reading import reading
    from cutter.database.switch import is_on
    from cutter.database.turning import HeldSwitch

    cut_id = revert.plan.cut.cut_id
    context = session.workspace.database_context(revert.named.database, run)
    with reading(context.by_role) as connection:
        on_anyway = is_on(connection, run, cut_id)
    if on_anyway:
        yield
        return
    held = HeldSwitch(context.connection("AUTHORISER"), run)
    try:
        until = held.turn_on_for_inverse(cut_id, revert.identity, _LEASE_SECONDS)
        _note(session, revert, run, turn="on", lease=f"{_LEASE_SECONDS}s", until=until.isoformat())
        yield
    finally:
        was_on = held.turn_off()
        if held.until is not None:
            _note(
                session, revert, run, turn="off", how="by the run" if was_on else "before the run came to it"
            )


def _refuse(connection: Connection, revert: CutRevert, run: str) -> None:
    from cutter.database.statements import statements
    from cutter.database.switch import is_on

    cut = revert.plan.cut
    if is_on(connection, run, cut.cut_id):
        return
    row = connection.execute(statements("switch")["inverse_until"], (cut.cut_id,)).fetchone()
    if row is None:
        raise KillSwitchOff(
            f"the kill switch is off for run {run}, and no approval on record made {revert.named.words}",
            place="kill switch",
            remedy=_OWN,
        )
    if row[1] <= datetime.now(UTC):
        raise ApprovalRefused(
            f"the approval of {revert.named.words} allowed its inverse until {row[1].isoformat()}",
            place="kill switch",
            remedy=_OWN,
        )


def _note(session: WritingSession, revert: CutRevert, run: str, **told: Any) -> None:
    named = {"environment": session.workspace.environment.name, "database": revert.named.database}
    about = {"run": run, "identity": revert.identity, "inverse_of": revert.plan.cut.cut_id}
    session.ledger.append([(ENTRY, {**named, **about, **told})])
