"""What earlier runs have left owed on targets, such as a restart, and the steps that are to see to it."""

from __future__ import annotations

from collections.abc import Sequence

from cutter.app.workspace import Job, Workspace
from cutter.engine.target import Target
from cutter.errors import CutterError
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.inventory import Environment
from cutter.model.obligations import KINDS, Marks, Obligation, fold_obligations, marks_of
from cutter.model.runbook import BoundRunbook, BoundStep


def obligations(ledger: SqliteLedger) -> list[Obligation]:
    """Return what is still owed, oldest first."""
    if next(iter(ledger.entries(kinds={"obligation"})), None) is None:
        return []
    return fold_obligations((entry.kind, entry.content()) for entry in ledger.entries(kinds=set(KINDS)))


def reminders(ledger: SqliteLedger, environment: Environment) -> list[Obligation]:
    """Return of it what anybody still has to see to: not what is done under the only name that is left."""
    hosts = {host.name for host in environment.hosts}
    found = obligations(ledger)
    return [each for each in found if not each.settled_as or (each.target in hosts and not each.stranger)]


def owed_to(workspace: Workspace, job: Job) -> Sequence[Obligation]:
    """Return what earlier runs have left owed, on whatever machine, if a job has steps that owe anything."""
    if not any(step.duties for bound in job.bound for step in bound.steps):
        return ()
    with workspace.read_ledger() as ledger:
        return obligations(ledger)


def owing(bound: BoundRunbook, found: Sequence[Obligation], identity: str) -> BoundRunbook:
    """Return a runbook whose steps know what has been left to do on the machine of this identity."""
    owed = marks_of(found, bound.target, identity)
    return bound._replace(steps=tuple(_step(step, owed) for step in bound.steps)) if owed else bound


def owing_there(bound: BoundRunbook, found: Sequence[Obligation], target: Target) -> BoundRunbook:
    """Return the same with the target asked who it is; one that cannot tell is not looked at either."""
    try:
        return owing(bound, found, target.identity()) if found else bound
    except CutterError:
        return bound


def _step(step: BoundStep, owed: dict[str, Marks]) -> BoundStep:
    mine = {str(duty): owed[str(duty)] for duty in step.duties if str(duty) in owed}
    return step._replace(owed=mine) if mine else step
