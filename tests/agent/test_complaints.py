"""What an exception says that taking back meets: what is not kept any more is no bug, and a bug is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutter.agent.requests import RevertRequest
from cutter.agent.running import Agent
from cutter.filesystem.kept import KeptContent
from cutter.model.evidence import Outcome
from cutter.resources.target.directory import Directory


@pytest.mark.parametrize(
    ("met", "said"),
    [
        (
            LookupError("no bytes of it are kept"),
            "what it takes to put it back is not at hand: no bytes of it",
        ),
        (KeyError("mode"), "internal error in directory: KeyError at "),
        (IndexError(), "internal error in directory: IndexError at "),
        (FileNotFoundError(2, "No such file", "/x"), "No such file: /x"),
    ],
)
def test_what_taking_back_meets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, met: Exception, said: str
) -> None:
    def fails(*_: object) -> None:
        raise met

    path = tmp_path / "d"
    path.mkdir()
    expected = Directory({"path": str(path)}).observe()
    monkeypatch.setattr(Directory, "apply", fails)
    step = RevertRequest("d", "directory", {"path": str(path)}, "v1:0", expected, None)
    (evidence,) = Agent(KeptContent(str(tmp_path / "kept")), b"key").revert([step], lambda: False)
    assert evidence.outcome is Outcome.FAILED
    assert evidence.reason.startswith(said)
