"""Ctrl-C, SIGTERM and kill -9 in the middle of a proof: nothing stays, and the ledger says so."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from faults.live import send
from postgres import superuser
from project import gap_matrix
from waiting import until

if TYPE_CHECKING:
    from governed_project import GovernedProject

_START = "import sys; from cutter.cli.main import entry; entry()"
_GATE = 4711
_WAITS = f"""\
CREATE TEMPORARY TABLE made (id int);
SELECT pg_advisory_lock(1); -- of the session: a rollback alone would leave it
DO $$ BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {_GATE}) LOOP
        PERFORM pg_sleep(0.02);
    END LOOP;
END $$;
SELECT pg_advisory_unlock(1)
"""
_UNDER_WAY = """\
SELECT pid FROM pg_stat_activity
WHERE datname LIKE %s AND state = 'active' AND query LIKE '%%cutter_proof.run%%' AND pid <> pg_backend_pid()
"""
IS_MADE = "SELECT to_regclass('pg_temp.made') IS NOT NULL"
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


class Started:
    """A command in a process of its own, in the middle of a step that waits for the gate."""

    def __init__(self, project: GovernedProject, verb: str, path: str, *words: str) -> None:
        self.project = project
        self.said = project.folder / "said"
        argv = [
            sys.executable,
            "-c",
            _START,
            verb,
            "-i",
            str(project.folder / "inventory/here"),
            path,
            *words,
        ]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def until_under_way(self, dbname: str) -> None:
        with superuser(self.project.server) as connection:
            until(lambda: self._ended() or connection.execute(_UNDER_WAY.encode(), (dbname,)).fetchone())
        assert self.process.poll() is None, self.said.read_text()

    def _ended(self) -> bool:
        return self.process.poll() is not None

    def told(self, text: str) -> bool:
        return text in self.said.read_text()

    def ended(self) -> int:
        return self.process.wait(60)


@contextmanager
def started(project: GovernedProject, verb: str, path: str, *words: str) -> Iterator[Started]:
    found = Started(project, verb, path, *words)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait()


@contextmanager
def gate_open(project: GovernedProject) -> Iterator[None]:
    with superuser(project.server) as connection:
        connection.execute(b"SELECT pg_advisory_lock(%s)" % str(_GATE).encode())
        yield


@pytest.fixture
def path(project: GovernedProject) -> str:
    """Return a runbook of three steps, of which the second waits for the gate."""
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    steps = [project.sql_step("SELECT 1", "SELECT true", name="First"), project.sql_step(_WAITS, IS_MADE)]
    last = project.sql_step(
        "CREATE TEMPORARY TABLE late (id int)", "SELECT to_regclass('late') IS NOT NULL", name="Last"
    )
    return project.installed("".join([*steps, last]))


def outcomes(project: GovernedProject) -> dict[str, str]:
    run = project.last_run()
    return {body["step"]: body["outcome"] for body in project.entries("evidence") if body["run"] == run}


def goes_on(project: GovernedProject, path: str, before: Any) -> None:
    """Nothing stayed; the next proof ends well."""
    until(lambda: not project.left_behind())
    assert project.tables() == before
    with gate_open(project):
        answer = project.cutter("prove", path)
    assert answer.code == 0, answer
    assert project.cutter("ledger", "verify").code == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_lets_the_step_end_and_rolls_back(
    project: GovernedProject, path: str, number: signal.Signals
) -> None:
    before = project.tables()
    with started(project, "prove", path) as proof:
        proof.until_under_way(project.dbname)
        send(proof.process, number)
        until(lambda: proof.told("finishing the current step"))
        assert proof.process.poll() is None
        with gate_open(project):
            assert proof.ended() == 21, proof.said.read_text()
    assert outcomes(project) == {"first": "ok", "own": "skipped", "last": "skipped"}
    assert [body["exit_code"] for body in project.entries("end")][-1] == 21
    assert "rolled back" in project.entries("evidence")[-1]["reason"]
    goes_on(project, path, before)


def test_the_second_signal_aborts_and_rolls_back(project: GovernedProject, path: str) -> None:
    before = project.tables()
    with started(project, "prove", path) as proof:
        proof.until_under_way(project.dbname)
        send(proof.process, signal.SIGINT)
        until(lambda: proof.told("finishing the current step"))
        send(proof.process, signal.SIGTERM)
        assert proof.ended() == 21, proof.said.read_text()
    assert outcomes(project) == {"first": "ok", "own": "skipped", "last": "skipped"}
    assert project.entries("evidence")[-1]["reason"].startswith("the proof was aborted")
    goes_on(project, path, before)


def test_kill_9_leaves_nothing_and_the_ledger_knows_it_was_begun(project: GovernedProject, path: str) -> None:
    before = project.tables()
    with started(project, "prove", path) as proof:
        proof.until_under_way(project.dbname)
        proof.process.kill()
        assert proof.ended() == -signal.SIGKILL
    listed = project.json("runs")["runs"][0]
    assert (listed["verb"], listed["state"]) == ("prove", "unsettled")
    until(lambda: not project.left_behind())
    assert project.tables() == before
    assert project.cutter("verify", path).code == 2, "the next run settles it"
    listed = project.json("runs")["runs"][1]
    assert (listed["state"], listed["exit_code"]) == ("interrupted", 21)
    unknown = [body for body in project.entries("evidence") if body["outcome"] == "unknown"]
    assert [body["step"] for body in unknown] == ["own", "last"]
    assert project.json("gaps")["gaps"][0]["status"] != "CLOSED"
    goes_on(project, path, before)


def test_a_connection_that_is_cut_fails_the_proof_and_leaves_nothing(
    project: GovernedProject, path: str
) -> None:
    before = project.tables()
    with started(project, "prove", path, "--json") as proof:
        proof.until_under_way(project.dbname)
        with superuser(project.server) as connection:
            for (pid,) in connection.execute(_UNDER_WAY.encode(), (project.dbname,)).fetchall():
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
        assert proof.ended() == 13, proof.said.read_text()
    assert outcomes(project) == {"first": "ok", "own": "failed", "last": "skipped"}
    goes_on(project, path, before)


# A rehearsal step, applied


@pytest.fixture(params=["copy", "database"])
def rehearsal(project: GovernedProject, request: pytest.FixtureRequest) -> str:
    """Return a runbook of one rehearsal step, on a copy or on the database itself."""
    own = project.sql_step(_WAITS, IS_MADE, undo="DROP TABLE made").partition("sql: ")[2].rstrip("}\n")
    step = f"  - {{name: Tried, rehearsal: {{where: {request.param}, steps: [{{sql: {own}}}}}]}}}}\n"
    return project.installed(step)


def where(path: str) -> str:
    """Return a pattern of the database in which the rehearsal of a runbook runs."""
    return "cutter_scratch_%" if "where: copy" in Path(path).read_text() else "p_%"


def ended_well(project: GovernedProject, path: str, before: Any) -> None:
    """Nothing stayed but a copy, which the next run sweeps; it ends well."""
    until(lambda: not [left for left in project.left_behind() if "scratch" not in left])
    assert {**project.tables(), "left": []} == before
    with gate_open(project):
        assert project.cutter("apply", "--yes", path).code == 0
    until(lambda: not project.left_behind())
    assert project.tables() == before


def test_the_first_signal_lets_a_rehearsal_end(project: GovernedProject, rehearsal: str) -> None:
    before = project.tables()
    with started(project, "apply", rehearsal, "--yes") as run:
        run.until_under_way(where(rehearsal))
        send(run.process, signal.SIGTERM)
        until(lambda: run.told("finishing the current step"))
        with gate_open(project):
            assert run.ended() == 0, run.said.read_text()
    assert outcomes(project) == {"tried": "changed"}
    until(lambda: not project.left_behind())
    assert project.tables() == before


def test_the_second_signal_aborts_a_rehearsal(project: GovernedProject, rehearsal: str) -> None:
    before = project.tables()
    with started(project, "apply", rehearsal, "--yes") as run:
        run.until_under_way(where(rehearsal))
        send(run.process, signal.SIGINT)
        until(lambda: run.told("finishing the current step"))
        send(run.process, signal.SIGTERM)
        assert run.ended() == 21, run.said.read_text()
    assert outcomes(project) == {"tried": "unknown"}
    assert [body["exit_code"] for body in project.entries("end")][-1] == 21
    ended_well(project, rehearsal, before)


def test_kill_9_of_a_rehearsal_is_settled_as_unknown(project: GovernedProject, rehearsal: str) -> None:
    before = project.tables()
    with started(project, "apply", rehearsal, "--yes") as run:
        run.until_under_way(where(rehearsal))
        run.process.kill()
        assert run.ended() == -signal.SIGKILL
    assert project.json("runs")["runs"][0]["state"] == "unsettled"
    ended_well(project, rehearsal, before)
    assert "unknown" in [body["outcome"] for body in project.entries("evidence")]
