"""Agents begin while the runbooks are bound; what comes of that is heard by whoever asks them."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import closing
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from waiting import all_gone, noted, until

from cutter.app.workspace import Choice, Workspace
from cutter.errors import InvalidDocument, Unavailable
from cutter.hosts import ssh_session
from cutter.hosts.sessions import close_all
from cutter.hosts.ssh_command import Route
from cutter.hosts.ssh_session import Session
from cutter.language.bind import bind
from cutter.ledger import locks
from cutter.ledger.locks import RunLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from project import Project

FOLDER = '  - {name: Folder, directory: {path: "{{ world }}/folder"}}\n'


def program(folder: Path, text: str) -> str:
    """Write something that is called instead of Python."""
    found = folder / "python"
    found.write_text(f"#!/bin/sh\n{text}\n")
    found.chmod(0o755)
    return str(found)


@pytest.fixture
def asleep(tmp_path: Path) -> Iterator[Session]:
    """Return a session with something that never becomes an agent."""
    slow = program(tmp_path, f"touch {tmp_path}/begun; exec sleep 600")
    with closing(Session("web1", Route("", python=slow))) as found:
        yield found


@pytest.fixture
def space(fleet: Project) -> Iterator[Workspace]:
    """Return the workspace of a project with three hosts, two of which may be at work at once."""
    hosts = "".join(f"    web{number}: {{}}\n" for number in (1, 2, 3))
    fleet.write("inventory/here/hosts.yml", f"all:\n  hosts:\n{hosts}")
    with closing(Workspace(Choice(str(fleet.folder / "inventory/here"), parallel=2))) as found:
        yield found


def test_who_asks_waits_for_it_and_begins_no_other(tmp_path: Path) -> None:
    python = program(tmp_path, f'echo begun >>{tmp_path}/begun\nsleep 0.2\nexec {sys.executable} "$@"')
    with closing(Session("here", Route("", python=python))) as session:
        session.begin()
        assert list(session.ask({"verb": "facts", "names": []})) == [{"facts": {}}]
        session.equip({"directory"})
        assert session.whose()
    assert (tmp_path / "begun").read_text() == "begun\n"


def test_types_that_it_lacks_are_given_to_one_that_is_still_beginning() -> None:
    route = Route("", python=sys.executable)
    with closing(Session("here", route, types=frozenset({"directory"}))) as session:
        session.begin()
        session.equip({"file"})
        assert list(session.ask({"verb": "facts", "names": []})) == [{"facts": {}}]


def test_why_it_did_not_begin_is_heard_by_who_asks(tmp_path: Path) -> None:
    python = program(tmp_path, "echo 'the system is going down'; exit 1")
    with closing(Session("web1", Route("", python=python))) as session:
        session.begin()
        for _ in range(2):
            with pytest.raises(Unavailable, match="the system is going down"):
                session.whose()


def test_what_cannot_be_started_at_all_is_heard_too() -> None:
    with closing(Session("web1", Route("", python="/nonexistent/python"))) as session:
        session.begin()
        with pytest.raises(Unavailable, match="cannot be started"):
            session.whose()


def test_the_end_of_a_command_does_not_wait_for_one_that_is_beginning(
    asleep: Session, tmp_path: Path
) -> None:
    asleep.begin()
    until((tmp_path / "begun").exists)
    until(lambda: asleep._channel)
    channel = asleep._channel
    assert channel is not None
    close_all({"web1": asleep})
    assert "no agent began there" not in str(asleep.broken)
    assert not asleep._starting.locked()
    assert channel.process.returncode is not None


class Late(Thread):
    """A thread that has no turn before a test gives it one."""

    waiting: list[Thread]

    def start(self) -> None:
        """Wait."""
        self.waiting.append(self)


class Interrupted(Late):
    """The same, and Ctrl-C comes while it is being started."""

    def start(self) -> None:
        """Wait, and be interrupted."""
        super().start()
        raise KeyboardInterrupt


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[Thread]:
    """Let what begins have no turn; return what waits for one."""
    monkeypatch.setattr(Late, "waiting", [], raising=False)
    monkeypatch.setattr(ssh_session, "Thread", Late)
    return Late.waiting


def test_what_had_no_turn_before_somebody_asked_begins_no_other(tmp_path: Path, late: list[Thread]) -> None:
    python = program(tmp_path, f'echo begun >>{tmp_path}/begun\nexec {sys.executable} "$@"')
    with closing(Session("here", Route("", python=python))) as session:
        session.begin()
        assert session.whose()
        session.let_go()
        late[0].run()
    assert (tmp_path / "begun").read_text() == "begun\n"


def test_an_interrupted_beginning_is_ended_and_begins_nothing_afterwards(
    asleep: Session, tmp_path: Path, late: list[Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_session, "Thread", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        asleep.begin()
    close_all({"web1": asleep})
    late[0].run()
    assert not (tmp_path / "begun").exists()


def test_those_that_are_beginning_are_broken_off_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has to wait until all of them are: who is broken off alone waits in vain."""
    sessions = {name: Session(name, Route("", python=sys.executable)) for name in ("web1", "web2", "web3")}
    begun, met = [], []

    def together(*words: Any) -> bytes:
        begun.append(words)
        until(lambda: all(session.broken_off for session in sessions.values()))
        met.append(words)
        return b""

    monkeypatch.setattr(ssh_session, "luggage_packed", together)
    for session in sessions.values():
        session.begin()
    until(lambda: len(begun) == len(sessions))
    close_all(sessions)
    assert len(met) == len(sessions)


def test_what_is_broken_off_leaves_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CUTTER_SSH may name a program that has ssh as a child, which holds the pipes of both."""
    monkeypatch.setattr(ssh_session, "START_SECONDS", 5.0)
    wrapper = program(tmp_path, f"sleep 600 & echo $! >{tmp_path}/child\nwait")
    session = Session("web1", Route("", python=wrapper))
    session.begin()
    until(lambda: noted(tmp_path / "child"))
    session.close()
    until(lambda: all_gone(tmp_path / "child"))


def test_what_is_broken_off_is_not_heard_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared connection holds the pipes of a program that was killed for as long as the host is silent."""
    monkeypatch.setattr(ssh_session, "START_SECONDS", 20.0)
    sharing = program(tmp_path, f"setsid sh -c 'echo $$ >{tmp_path}/other; exec sleep 600' & wait")
    session = Session("web1", Route("", python=sharing))
    session.begin()
    until(lambda: noted(tmp_path / "other"))
    session.close()
    for pid in noted(tmp_path / "other"):
        os.kill(pid, signal.SIGKILL)
    assert "no agent began there" not in str(session.broken)


@pytest.mark.ssh
@pytest.mark.root
def test_a_connection_that_breaks_while_the_lock_is_waited_for_costs_nothing(
    fleet: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was asked of these agents yet, and the run that is waited for may alter what they stand on."""
    really, broken = Session.begin, []

    def begin(session: Session) -> None:
        really(session)
        until(lambda: bool(session.identity))
        channel = session._channel
        assert channel is not None
        channel.process.kill()
        broken.append(session)

    monkeypatch.setattr(Session, "begin", begin)
    with closing(Workspace(Choice(str(fleet.folder / "inventory/here")))) as found:
        path = f"{found.environment.ledger}/run.lock"
    holder = RunLock(path)
    holder.__enter__()
    paused = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: holder.__exit__())
    monkeypatch.setattr(locks, "time", paused)
    answer = fleet.cutter("apply", "--yes", "--lock-timeout", "60", fleet.runbook(FOLDER))
    assert answer.code == 0, answer
    assert len(broken) == 1


@pytest.mark.ssh
@pytest.mark.root
def test_no_host_hears_of_a_variable_that_nobody_declares(
    fleet: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "begin", lambda _: pytest.fail("a host was approached"))
    answer = fleet.cutter("plan", "-e", "nobody=1", fleet.runbook(FOLDER))
    assert answer.code == 64, answer


@pytest.mark.ssh
@pytest.mark.root
def test_the_hosts_begin_before_the_runbook_is_bound(
    space: Workspace, fleet: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def slowly(*words: Any, **named: Any) -> Any:
        until(lambda: len([held for held in space._sessions.values() if held.identity]) == 2)
        seen.append(sorted(space._sessions))
        return bind(*words, **named)

    monkeypatch.setattr("cutter.app.workspace.bind", slowly)
    space.jobs([fleet.runbook(FOLDER)], asking=True)
    assert seen == [["web1", "web2"]] * 3  # as many as may be at work at once


@pytest.mark.ssh
@pytest.mark.root
def test_no_host_hears_of_a_runbook_that_is_not_valid(
    space: Workspace, fleet: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "begin", lambda _: pytest.fail("a host was approached"))
    well, ill = fleet.runbook(FOLDER), fleet.runbook("  - {name: Folder, directoy: {}}\n", name="ill")
    with pytest.raises(InvalidDocument):
        space.jobs([well, ill], asking=True)
    assert len(space.jobs([well])[0].bound) == 3  # nor of one that is only read


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.parametrize("verb", ["plan", "apply", "verify"])
def test_these_verbs_let_them_begin(verb: str, fleet: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    really = Session.begin

    def begin(session: Session) -> None:
        begun.append(session.name)
        really(session)

    monkeypatch.setattr(Session, "begin", begin)
    words = ["--yes"] if verb == "apply" else []
    fleet.cutter(verb, *words, fleet.runbook(FOLDER))
    assert begun == ["web1"]
