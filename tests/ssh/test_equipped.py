"""An agent gets the types that it is asked about; one that has less is started anew with all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from cutter.agent.requests import StepRequest
from cutter.hosts.ssh import SshTarget
from cutter.hosts.ssh_command import Route
from cutter.hosts.ssh_session import Session
from cutter.model.evidence import Outcome
from cutter.model.look import Prediction

TEXT = b"text\n"
DIGEST = sha256(TEXT).hexdigest()


@pytest.fixture
def session() -> Iterator[Session]:
    """Return a session with an agent on this machine that knows directories alone."""
    with closing(Session("here", Route("", python=sys.executable), types=frozenset({"directory"}))) as found:
        yield found


def target(session: Session, folder: Path) -> SshTarget:
    return SshTarget(session, str(folder / "state"), b"key", run="r1", by="me")


def step(kind: str, path: Path, **params: object) -> StepRequest:
    return StepRequest(kind, kind, {"path": str(path), "mode": "0750", **params}, "h")


def process_of(session: Session) -> int:
    assert session._channel is not None
    return session._channel.process.pid


def test_what_it_knows_is_asked_of_the_agent_that_is_there(session: Session, tmp_path: Path) -> None:
    there = target(session, tmp_path)
    there.identity()
    begun = process_of(session)
    (look,) = there.look([step("directory", tmp_path / "d")], {}, preview=False)
    assert (look.prediction, process_of(session)) == (Prediction.CHANGE, begun)


def test_one_that_lacks_a_type_is_started_anew_with_all(session: Session, tmp_path: Path) -> None:
    there = target(session, tmp_path)
    known = step("directory", tmp_path / "d")
    assert [each.outcome for each in there.apply([known], {}, lambda: False)] == [Outcome.CHANGED]
    begun = process_of(session)
    lacking = step("env_file", tmp_path / "d/.env", set={"KEY": "value"})
    (look,) = there.look([lacking], {}, preview=False)
    assert (look.prediction, process_of(session) == begun) == (Prediction.CHANGE, False)
    begun = process_of(session)
    assert [each.outcome for each in there.apply([lacking], {}, lambda: False)] == [Outcome.CHANGED]
    assert process_of(session) == begun


def test_what_was_armed_by_others_may_be_of_any_type(session: Session, tmp_path: Path) -> None:
    there = target(session, tmp_path)
    there.identity()
    begun = process_of(session)
    assert (there.overdue(), process_of(session) == begun) == ([], False)


def test_content_that_went_to_an_agent_before_goes_to_the_next_one_too(session: Session) -> None:
    list(session.ask({"verb": "facts", "names": []}, {DIGEST: TEXT}))
    assert session._sent == {DIGEST}
    session.equip({"file"})
    assert session._sent == set()
