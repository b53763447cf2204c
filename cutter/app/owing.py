"""What earlier runs have left owed on targets, such as a restart, and the steps that are to see to it."""

from __future__ import annotations

from cutter.app.workspace import Job, Workspace
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.obligations import KINDS, Marks, Obligation, fold_obligations, marks_of
from cutter.model.runbook import BoundRunbook, BoundStep


def obligations(ledger: SqliteLedger) -> list[Obligation]:
    """Return what is still owed, oldest first."""
    if next(iter(ledger.entries(kinds={"obligation"})), None) is None:
        return []
    return fold_obligations((entry.kind, entry.content()) for entry in ledger.entries(kinds=set(KINDS)))


def with_what_is_owed(workspace: Workspace, job: Job) -> Job:
    """Return a job whose steps know what earlier runs have left them to do; most have no such steps."""
    if not any(step.duties for bound in job.bound for step in bound.steps):
        return job
    with workspace.read_ledger() as ledger:
        found = obligations(ledger)
    return job._replace(bound=tuple(_bound(bound, marks_of(found, bound.target)) for bound in job.bound))


def _bound(bound: BoundRunbook, owed: dict[str, Marks]) -> BoundRunbook:
    return bound._replace(steps=tuple(_step(step, owed) for step in bound.steps)) if owed else bound


def _step(step: BoundStep, owed: dict[str, Marks]) -> BoundStep:
    mine = {str(duty): owed[str(duty)] for duty in step.duties if str(duty) in owed}
    return step._replace(owed=mine) if mine else step
