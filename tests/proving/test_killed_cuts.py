"""kill -9 before and after all that an apply of document, cut and enact makes durable; then the next run."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from governed_project import SCHEMA, STEPS, GovernedProject
from postgres import superuser
from project import in_child

from cutter.app import applying
from cutter.database.embedded import EmbeddedServer
from cutter.ledger.sqlite import SqliteLedger

SHARES = 3
FIRST, NEXT = "20260101T000000Z-aaaaaa", "20260101T000001Z-bbbbbb"
_RECORDS = "SELECT kind, run FROM cutter.governance_record ORDER BY seq"
_STATE = "SELECT part, digest FROM cutter.logical_state() WHERE part <> 'record' ORDER BY part"


class Points:
    """Counts what is made durable, and ends the process before or after one of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.names: list[str] = []

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def struck(*args: Any, **kwargs: Any) -> Any:
            self._reached(f"before {name}")
            answer = call(*args, **kwargs)
            self._reached(f"after {name}")
            return answer

        return struck

    def _reached(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def template(tmp_path: Path, postgres_server: EmbeddedServer) -> Iterator[str]:
    """Give the name of a database with the schema, of which others are made."""
    folder = tmp_path / "template"
    folder.mkdir()
    project = GovernedProject(folder, postgres_server)
    project.dbname = f"template_{os.getpid()}"
    project.write("inventory/here/databases.yml", _databases(project))
    project.apply(project.governed(SCHEMA))
    yield project.dbname
    with superuser(postgres_server) as connection:
        connection.execute(f'DROP DATABASE "{project.dbname}" WITH (FORCE)'.encode())


def _databases(project: GovernedProject) -> str:
    return f"governed: {{production: no, embedded: {project.server.folder}, dbname: {project.dbname}}}\n"


@contextmanager
def copied(folder: Path, server: EmbeddedServer, template: str, at: int) -> Iterator[GovernedProject]:
    """Give a project of its own whose database is as the template."""
    where = folder / f"point{at}"
    where.mkdir()
    project = GovernedProject(where, server)
    project.dbname = f"point_{os.getpid()}_{at}"
    project.write("inventory/here/databases.yml", _databases(project))
    with superuser(server) as connection:
        connection.execute(f'CREATE DATABASE "{project.dbname}" TEMPLATE "{template}"'.encode())
        try:
            yield project
        finally:
            connection.execute(f'DROP DATABASE "{project.dbname}" WITH (FORCE)'.encode())


def struck(project: GovernedProject, path: str, at: int) -> tuple[int, list[str]]:
    """Apply in a child that is ended at a point; return how it ended, and all points when there is none."""
    names = project.folder / "points.json"

    def work() -> int:
        points = Points(at)
        SqliteLedger.append = points.around("ledger", SqliteLedger.append)  # type: ignore[method-assign]
        psycopg.Connection.commit = points.around("commit", psycopg.Connection.commit)  # type: ignore[method-assign]
        code = project.cutter("apply", "--yes", path).code
        names.write_text(json.dumps(points.names))
        return code

    ended = in_child(work)
    return ended, json.loads(names.read_text()) if names.exists() else []


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_after_a_kill_at_any_point_the_next_run_ends_as_if_undisturbed(
    tmp_path: Path,
    postgres_server: EmbeddedServer,
    template: str,
    monkeypatch: pytest.MonkeyPatch,
    share: int,
) -> None:
    monkeypatch.setattr(applying, "new_run_id", lambda: FIRST)
    with copied(tmp_path, postgres_server, template, 0) as project, project.held_on(FIRST):
        ended, names = struck(project, project.governed(STEPS), 0)
        assert ended == 0
        kinds = [kind for kind, _ in project.sql(_RECORDS)]
        goal = project.sql(_STATE)
    assert kinds == ["document", "cut", "verify", "enact"]
    assert len(names) >= 16
    for at in range(1 + share, len(names) + 1, SHARES):
        with (
            copied(tmp_path, postgres_server, template, at) as project,
            project.held_on(FIRST),
            project.held_on(NEXT),
        ):
            path = project.governed(STEPS)
            monkeypatch.setattr(applying, "new_run_id", lambda: FIRST)
            assert struck(project, path, at)[0] == -signal.SIGKILL
            monkeypatch.setattr(applying, "new_run_id", lambda: NEXT)
            judged(project, path, kinds, goal, f"point {at}, {names[at - 1]}")


def judged(project: GovernedProject, path: str, kinds: list[str], goal: list[Any], point: str) -> None:
    """Assert that the next run ends well, nothing was done twice, and nothing is missing."""
    answer = project.cutter("apply", "--yes", path)
    assert answer.code == 0, (point, answer)
    assert [kind for kind, _ in project.sql(_RECORDS)] == kinds, point
    assert project.sql(_STATE) == goal, point
    assert project.json("verify", path)["exit_code"] == 0, point
    assert project.cutter("ledger", "verify").code == 0, point
    settled = [body for body in project.entries("evidence") if body["outcome"] == "unknown"]
    assert all(body["run"] == FIRST for body in settled), point
