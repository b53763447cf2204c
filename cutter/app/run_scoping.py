"""The scope of a run while it is applied: asked for before, open inside, and ended whichever way it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from cutter.app.workspace import Job, Workspace
from cutter.errors import ApprovalRefused
from cutter.model.plan import Plan

if TYPE_CHECKING:
    from cutter.app.accepting import GivenRequest
    from cutter.app.applying import WritingSession
    from cutter.approvals.verdicts import Memory
    from cutter.database.connections import ConnectionProvider

ENTRY = "switch"
"""The kind of the ledger's entries about turns of the kill switch."""


def refuse_unapproved(job: Job, plan: Plan, *, approved: bool) -> None:
    """Raise ApprovalRefused where a run would come to its kill switch without an approved request."""
    switch = job.runbook.kill_switch
    if switch is None or approved or not plan.pending:
        return
    under = [
        step.id for target in plan.targets for step in target.steps if _declared(step.id) in switch.steps
    ]
    if under:
        from cutter.hosts.run_scope import HOW

        cause = f"{under[0]} needs the kill switch on, and only an approved request turns it on"
        raise ApprovalRefused(cause, place=job.path, remedy=HOW)


@contextmanager
def scoped(session: WritingSession, run: str, job: Job) -> Iterator[None]:
    """Let a run turn on the switch as its runbook says; in the end it is off, and the ledger says so."""
    if job.runbook.kill_switch is None:
        yield
        return
    scope = session.workspace.scope(run)
    scope.kill_switch = job.runbook.kill_switch
    scope.note = lambda body: _note(session, job, body)
    try:
        yield
    finally:
        scope.close_switch()


def memories(workspace: Workspace, given: GivenRequest) -> list[Memory]:
    """Return what remembers used approvals beside the ledger: the databases that a request is for."""
    named = [target.name for target in given.signed.request.facts.targets]
    contexts = [workspace.database_context(name, "") for name in named if workspace.is_database(name)]
    return [DatabaseMemory(context.provider) for context in contexts]


class DatabaseMemory:
    """The approvals that turned on the switch of a database, which it remembers for ever."""

    def __init__(self, provider: ConnectionProvider) -> None:
        self.provider = provider

    def used_by(self, nonce: str) -> str:
        """Return the run that used the approval with this nonce; empty where none did."""
        from cutter.database.failures import told
        from cutter.database.statements import statements

        known = statements("switch")
        login = "OWNER" if self.provider.has("OWNER") else "READER"  # READER comes with the schema
        with closing(self.provider(login)) as connection, told("used approvals"):
            if connection.execute(known["installed"]).fetchone() != (True,):
                return ""
            row = connection.execute(known["used_by"], (nonce,)).fetchone()
        return str(row[0]) if row else ""


def _note(session: WritingSession, job: Job, body: Any) -> None:
    common = {"environment": session.workspace.environment.name, "runbook": job.runbook.name}
    session.ledger.append([(ENTRY, {**common, **body})])


def _declared(step: str) -> str:
    return step.partition("[")[0]
