"""The server ends in the middle of a revert, and is started again: all of the cut is there, or none."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from governed_project import RUN, STEPS, GovernedProject
from revert_cases import AGAIN, BACK, Cutter
from waiting import until

from cutter.cut import committing
from cutter.database.embedded import EmbeddedServer

GONE = {"cuts": [], "units": [(0,)], "lifecycle": [(1, "draft", None)]}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cutter]:
    """Give a project on a server of its own, which a test may end."""
    folder = tmp_path / "project"
    folder.mkdir()
    with EmbeddedServer(str(tmp_path / "server")) as server:
        project = GovernedProject(folder, server)
        cutter = Cutter(project, monkeypatch, project.installed(STEPS))
        cutter.apply(cutter.path, RUN)
        yield cutter


def end_server(cutter: Cutter) -> None:
    """End the server as a crash does."""
    lines = Path(cutter.project.server.folder, "data/postmaster.pid").read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGQUIT)


@pytest.mark.slow
@pytest.mark.parametrize("committed", [False, True])
def test_a_server_that_ends_around_the_commit(
    committed: bool, own: Cutter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = own.state()
    commit = psycopg.Connection.commit

    def struck(self: psycopg.Connection[Any]) -> None:
        real = self.info.user == "cutter_enact_login"
        if not real or committed:
            commit(self)
        if real:
            end_server(own)
            until(lambda: not own.project.server.running())
            self.execute("SELECT pg_sleep(60)")  # broken off when the server ends

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Connection, "commit", struck)
        answer = own.revert("cut:1")
    assert answer.code == (0 if committed else 69), answer
    own.project.server.start()
    assert own.state() == (GONE if committed else before)
    own.reverted("cut:1", AGAIN)
    assert own.state() == GONE
    assert own.compensations() == [(BACK if committed else AGAIN,)]
    assert committing.PATIENCE_SECONDS > 10
