"""Agents end all at once, not one after the other; one that was let go is followed by another."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

from cutter.hosts import ssh_session
from cutter.hosts.sessions import close_all
from cutter.hosts.ssh_command import Route
from cutter.hosts.ssh_session import Session

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MEETING = """\
#!/bin/sh
{python} "$@"
touch {folder}/ended.$$
until [ "$(ls {folder}/ended.* | wc -l)" = {number} ]; do sleep 0.01; done
touch {folder}/met.$$
"""


def test_each_agent_ends_while_the_others_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits at its end for all the others: who is ended alone waits in vain, and is killed."""
    monkeypatch.setattr(ssh_session, "END_SECONDS", 60.0)
    number = 3
    program = tmp_path / "python"
    program.write_text(MEETING.format(python=sys.executable, folder=tmp_path, number=number))
    program.chmod(0o755)
    sessions = {str(index): Session(str(index), Route("", python=str(program))) for index in range(number)}
    for session in sessions.values():
        session.start()
    close_all(sessions)
    assert len(list(tmp_path.glob("met.*"))) == number
    close_all(sessions)


def test_who_asks_one_that_was_let_go_gets_another(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho begun >>{tmp_path}/begun\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    with closing(Session("here", Route("", python=str(program)))) as session:
        identity = session.whose()
        session.let_go()
        assert session.whose() == identity
        assert (tmp_path / "begun").read_text().count("begun") == 1  # it had told who it is
        (answer,) = session.ask({"verb": "facts", "names": []})
        assert answer == {"facts": {}}
    assert (tmp_path / "begun").read_text().count("begun") == 2
