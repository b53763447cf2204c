"""Agents begin while the runbooks are bound; what comes of that is heard by whoever asks them."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from waiting import until

from cutter.app.workspace import Choice, Workspace
from cutter.errors import InvalidDocument, Unavailable
from cutter.hosts.sessions import close_all
from cutter.hosts.ssh_command import Route
from cutter.hosts.ssh_session import Session
from cutter.language.bind import bind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from project import Project

FOLDER = '  - {name: Folder, directory: {path: "{{ world }}/folder"}}\n'
PATIENCE_SECONDS = 30.0


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
    thread, channel = asleep._beginning, asleep._channel
    assert thread is not None
    assert channel is not None
    before = time.monotonic()
    close_all({"web1": asleep})
    assert time.monotonic() - before < PATIENCE_SECONDS
    assert not thread.is_alive()
    assert channel.process.returncode is not None


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
