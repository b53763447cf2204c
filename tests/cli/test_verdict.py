"""The verdict on a run of many targets."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cutter.cli._printing import print_result
from cutter.engine.executor import RunResult, TargetResult
from cutter.model.evidence import Evidence, Outcome

if TYPE_CHECKING:
    import pytest

HOSTS = 30
DONE = (Evidence("a", "file", "h", Outcome.OK),)
GONE = (Evidence("a", "file", "h", Outcome.UNOBSERVABLE, reason="gone", refusal=69),)


def test_each_target_is_asked_a_few_times_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exit code is counted from all that was seen of a target, which may be thousands of steps."""
    asked: list[str] = []

    def counted(target: TargetResult) -> int:
        asked.append(target.target)
        return 69 if target.evidence is GONE else 0

    monkeypatch.setattr(TargetResult, "exit_code", property(counted))
    targets = [TargetResult(f"web{number}", "", DONE) for number in range(HOSTS)]
    targets.append(TargetResult("db", "", GONE))
    print_result(RunResult("R1", "site", tuple(targets)), argparse.Namespace(json=False, no_color=True))
    assert "exit 69: a target or a tool is unavailable, on db (run R1)" in capsys.readouterr().out
    assert len(asked) <= 3 * len(targets)
