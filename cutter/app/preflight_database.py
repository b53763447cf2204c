"""The database of a run, and its backup: the conditions of writing there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing

from cutter.app.doctor_checks import nearest_existing
from cutter.app.workspace import Job, Workspace
from cutter.database.failures import told
from cutter.database.statements import statements
from cutter.errors import BackupFailed
from cutter.model.condition import Condition, held, in_the_run, missing
from cutter.model.runbook import BoundRunbook

_MIB = 2**20
_AUTHORISER = "AUTHORISER"


def database_conditions(workspace: Workspace, job: Job, bound: BoundRunbook) -> Iterator[Condition]:
    """Yield that it answers and which it is, who may turn on its switch, and what is to be cut."""
    context = workspace.database_context(bound.target, "")
    yield held("database", f"{bound.target} is {context.identity()}")
    if job.runbook.kill_switch is not None:
        context.connection(_AUTHORISER).close()
        yield held("authoriser", "the login that turns on the kill switch enters")
    for step in bound.steps:
        if step.type == "cut":
            count = sum(number for _, number in step.params["counts"])
            seen = f"{step.params['document_ref']}: {count} units, pin {step.params['pin']}"
            yield held(f"cutplan of {step.id}", seen)


def backup_conditions(workspace: Workspace, job: Job, closes: str) -> Iterator[Condition]:
    """Yield that there is a key to encrypt to, room for a dump, and by which step a backup is taken.

    Raises ConfigurationError and Unavailable where the key is not named.
    """
    from cutter.app.backups import declared
    from cutter.gpg.keyring import keys

    step = declared(workspace, job.path).step
    wanted = step.fingerprint()
    key = next((each for each in keys(step.home) if each.fingerprint == wanted), None)
    verdict = key.verdict(["encrypt", "sign"], now=time.time(), secret=True) if key else f"not in {step.home}"
    code, provide = BackupFailed.exit_code, "cutter apply runbooks/provision-vps.yml"
    if verdict == "yes":
        yield held("backup key", f"{wanted}: of use")
    else:
        yield missing("backup key", f"{wanted}: {verdict}", provide, code)
    with closing(step.there.connection("READER")) as connection, told("size"):
        (size,) = connection.execute(statements("connections")["size"]).fetchone()
    free = shutil.disk_usage(nearest_existing(step.folder)).free
    seen = f"{free // _MIB} MiB free in {step.folder}, the database has {size // _MIB}"
    name = "room for the backup"
    yield held(name, seen) if free > size else missing(name, seen, "make room, or name another folder", code)
    yield in_the_run("backup", "each run takes its own", closes)
