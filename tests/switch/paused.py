"""A run in a process of its own, paused in the middle of the steps that have the switch on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from postgres import superuser
from switched import CUT, ENACT, LOAD, SwitchedProject
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

_GATE = 4712
_START = "import sys; from cutter.cli.main import entry; entry()"
_WAITS = f"""\
DO $$ BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {_GATE}
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) LOOP
        PERFORM pg_sleep(0.02);
    END LOOP;
END $$;
INSERT INTO public.passed VALUES (1)
"""
_UNDER_WAY = """\
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
AND query LIKE '%cutter_proof.run%' AND pid <> pg_backend_pid()
"""


def pausing(project: SwitchedProject) -> str:
    """Return the steps of a run that waits, after its document was loaded, until `released`."""
    project.sql("CREATE TABLE IF NOT EXISTS public.passed (at int)")
    project.sql("GRANT ALL ON public.passed TO PUBLIC")
    pause = project.sql_step(_WAITS, "SELECT EXISTS (SELECT FROM public.passed)", name="Pause")
    return project.before + LOAD + pause + CUT + ENACT


class Paused:
    """The run, under way."""

    def __init__(self, project: SwitchedProject, request: str) -> None:
        """Start it, and wait until it is in its pause."""
        self.project = project
        self.said = project.folder / "said"
        inventory = str(project.folder / "inventory/here")
        argv = [sys.executable, "-c", _START, "apply", "-i", inventory, "--yes", request]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        until(lambda: self.process.poll() is not None or project.sql(_UNDER_WAY))
        assert self.process.poll() is None, self.said.read_text()
        self.run = str(project.sql("SELECT run FROM cutter.kill_switch")[0][0])

    def ended(self) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait(60)

    def release(self) -> int:
        """Let it go on, and return its exit code."""
        with superuser(self.project.server, self.project.dbname) as connection:
            connection.execute(b"SELECT pg_advisory_lock(%d)" % _GATE)
            return self.ended()

    def outcomes(self) -> dict[str, str]:
        """Return what the ledger says of each step of it."""
        found = [body for body in self.project.entries("evidence") if body["run"] == self.run]
        return {body["step"]: body["outcome"] for body in found}


@contextmanager
def paused(project: SwitchedProject, *, switch: str = "", head: str = "") -> Iterator[Paused]:
    """Give an approved run in its pause; it is gone in the end."""
    words = {"switch": switch} if switch else {}
    request: str | Path = project.approved(project.production_run(pausing(project), head=head, **words))
    made = Paused(project, str(request))
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
