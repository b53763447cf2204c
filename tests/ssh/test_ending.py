"""Agents end all at once, not one after the other; one that was let go is followed by another."""

from __future__ import annotations

import sys
from contextlib import closing
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from waiting import PATIENCE

from cutter.errors import Unavailable
from cutter.hosts import channel, ssh_session
from cutter.hosts.luggage import luggage_packed
from cutter.hosts.sessions import close_all
from cutter.hosts.ssh_command import Route
from cutter.hosts.ssh_session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEETING = """\
#!/bin/sh
{python} "$@"
touch {folder}/ended.$$
until [ "$(ls {folder}/ended.* | wc -l)" = {number} ]; do sleep 0.01; done
touch {folder}/met.$$
"""


@pytest.fixture
def here() -> Iterator[Session]:
    """Return a session with an agent on this machine."""
    with closing(Session("here", Route("", python=sys.executable))) as found:
        yield found


def test_each_agent_ends_while_the_others_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits at its end for all the others: who is ended alone waits in vain, and is killed."""
    monkeypatch.setattr(channel, "END_SECONDS", 60.0)
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


def test_one_that_broke_and_was_let_go_is_not_well(here: Session) -> None:
    here.start()
    here.break_off()
    with pytest.raises(Unavailable):
        list(here.ask({"verb": "facts", "names": []}))
    here.let_go()
    with pytest.raises(Unavailable):
        here.whose()


def test_one_that_begins_anew_on_another_machine_is_asked_nothing(here: Session) -> None:
    here.start()
    here.identity = "machine:another"  # as the first that answered to this name
    here.let_go()
    with closing(here.fresh()) as fresh, pytest.raises(Unavailable, match="another machine"):
        fresh.start()
    with pytest.raises(Unavailable, match="another machine"):
        list(here.ask({"verb": "facts", "names": []}))


def test_one_that_does_not_begin_anew_says_why(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    with closing(Session("here", Route("", python=str(program)))) as session:
        session.start()
        program.write_text("#!/bin/sh\necho 'the system is going down'\n")
        session.let_go()
        with pytest.raises(Unavailable, match="the system is going down"):
            session.start()


def test_one_that_is_asked_to_stop_while_it_begins_begins(
    here: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing = luggage_packed

    def packed(*words: Any) -> bytes:
        stopping = Thread(target=here.ask_to_stop)
        stopping.start()
        stopping.join()
        return packing(*words)

    monkeypatch.setattr(ssh_session, "START_SECONDS", PATIENCE)
    monkeypatch.setattr(ssh_session, "luggage_packed", packed)
    assert list(here.ask({"verb": "facts", "names": []})) == [{"facts": {}}]
