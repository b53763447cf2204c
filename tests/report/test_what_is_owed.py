"""What is told of something owed: by which runbook it is done, and how it is ended where none does it."""

from __future__ import annotations

import pytest

from cutter.model.obligations import fold_obligations
from cutter.report.runs_terminal import print_runs

BODY = {"run": "r1", "runbook": "site", "target": "s1", "identity": "machine:1"}


@pytest.mark.parametrize("act", ["restart", "reload"])
def test_a_runbook_whose_step_listens_to_changes_is_named_as_the_way_out(
    capsys: pytest.CaptureFixture[str], act: str
) -> None:
    """A step for the service alone would be ok, and leave it owed."""
    duty = f"{act} of web.service"
    (owed,) = fold_obligations([("obligation", {**BODY, "owed": {duty: ["conf"]}})])
    print_runs([], [(owed, "cutter resolve r1")], [], colour=False)
    told = capsys.readouterr().out
    assert f"apply site again, or another runbook with {act}_on for it; it is done then" in told
    assert told.endswith("where none has one any more: cutter resolve r1\n")
