"""What waits to be confirmed, or could not be taken back: here by looking, elsewhere by the ledger."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from cutter.agent import armed
from cutter.app.workspace import Workspace
from cutter.errors import PermissionRefused
from cutter.filesystem.refusals import refusals
from cutter.model.runs import RunRecord
from cutter.model.unconfirmed import Unconfirmed, fold_unconfirmed

THIS_MACHINE = "this machine"


def unconfirmed(workspace: Workspace, runs: Mapping[str, RunRecord]) -> list[Unconfirmed]:
    """Return all of it, this machine first; nothing is connected, and what cannot be seen says so."""
    folder = workspace.environment.target_state
    elsewhere = [left for left in fold_unconfirmed(runs.values()) if not workspace.is_local(left.target)]
    try:
        here = unconfirmed_here(folder)
    except PermissionRefused as error:
        here = [Unconfirmed(THIS_MACHINE, "", "unseen", (), error.cause, "run as the user whose it is: sudo")]
    named = (left._replace(target=_name_of(left, workspace, runs)) for left in here)
    return [*named, *elsewhere]


def unconfirmed_here(folder: str) -> list[Unconfirmed]:
    """Return what of this machine is neither confirmed nor taken back. Raises PermissionRefused."""
    with refusals("reading", folder), suppress(FileNotFoundError, NotADirectoryError):
        os.listdir(folder)  # what follows passes over a folder that is shut
    found = []
    for state, name in armed.in_state(folder):
        path = armed.path_of(folder, state, name)
        with refusals("reading", path), suppress(FileNotFoundError):  # it moved on in between
            noted = armed.read(path)
            why = armed.undecided(folder, name)
            about = (THIS_MACHINE, armed.run_of(name), state, tuple(noted.head["steps"]))
            found.append(Unconfirmed(*about, why.cause, why.remedy, why.place))
    return found


def _name_of(left: Unconfirmed, workspace: Workspace, runs: Mapping[str, RunRecord]) -> str:
    names = runs[left.run].identities if left.run in runs else ()
    return next(filter(workspace.is_local, names), left.target)
