"""What a revert may name: a run, by the beginning of its id, or a cut, by its database and its id there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cutter.app.applying import WritingSession
from cutter.app.settling import history
from cutter.app.workspace import Workspace
from cutter.errors import CutterError, UsageError
from cutter.model.runs import RunRecord
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    from cutter.cut.compensation import CommittedCut

PREFIX = "cut:"


class CutNamed(NamedTuple):
    """A cut by the name of its database and its id there."""

    database: str
    cut_id: int

    @property
    def words(self) -> str:
        """The cut as it is named on the command line and in the ledger."""
        return f"{PREFIX}{self.database}:{self.cut_id}"


class Nameable(NamedTuple):
    """What could be named: the newest runs, the cuts that are there, and which databases did not answer."""

    runs: list[RunRecord]
    cuts: list[tuple[CutNamed, CommittedCut]]
    silent: list[str]


def nameable(workspace: Workspace, *, newest: int) -> Nameable:
    """Return what could be named now. No server is made for it."""
    with workspace.read_ledger() as ledger:
        runs = list(reversed(history(ledger).values()))[:newest]
    return Nameable(runs, *_cuts_there(workspace))


def chosen_run(session: WritingSession, wanted: str) -> RunRecord:
    """Return the run whose id begins with `wanted`.

    Raises UsageError for none or several, and for one that took a cut back: that has no way back itself.
    """
    runs = history(session.ledger)
    found = [record for name, record in runs.items() if wanted and name.startswith(wanted)]
    if len(found) != 1:
        raise UsageError(f"{len(found)} runs begin with {wanted!r}", remedy=session.workspace.command("runs"))
    if found[0].reverts.startswith(PREFIX):
        cause = f"run {found[0].run} took back {found[0].reverts}, and a compensation is never taken back"
        raise UsageError(cause, remedy="apply the runbook again: it cuts anew")
    return found[0]


def cut_named(workspace: Workspace, what: str) -> CutNamed:
    """Return the cut that ``cut:ID`` or ``cut:DATABASE:ID`` names. Raises UsageError."""
    names = [database.name for database in workspace.environment.databases]
    database, _, number = what.removeprefix(PREFIX).rpartition(":")
    if not (number.isascii() and number.isdigit() and len(number) < len(str(2**63))):
        raise UsageError(f"{what!r} names no cut", remedy="write cut:ID, as `cutter revert` lists them")
    if not database and len(names) == 1:
        database = names[0]
    if database not in names:
        there = ", ".join(names) or "none"
        cause = f"there is no database {database!r}" if database else f"{what} does not say in which database"
        raise UsageError(f"{cause}; the inventory has {there}", remedy="write cut:DATABASE:ID")
    return CutNamed(database, int(number))


def _cuts_there(workspace: Workspace) -> tuple[list[tuple[CutNamed, CommittedCut]], list[str]]:
    """Return every cut of every database that can be reached, and why others cannot. Starts no new server."""
    from cutter.cut.compensation import committed_cuts
    from cutter.cut.reading import reading

    found, silent = [], []
    for database in workspace.environment.databases:
        if database.embedded is not None and not os.path.isdir(database.embedded):
            silent.append(f"{database.name}: its server was never started")
            continue
        try:
            with reading(workspace.database_context(database.name, "").by_role) as connection:
                cuts = committed_cuts(connection)
        except CutterError as error:
            silent.append(f"{database.name}: {error.cause}")
        else:
            found += [(CutNamed(database.name, cut.cut_id), cut) for cut in cuts]
    return found, silent
