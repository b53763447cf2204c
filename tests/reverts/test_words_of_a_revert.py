"""What is said of a revert that did not hold: of the run that it was to take back, not of itself."""

from __future__ import annotations

from argparse import Namespace

import pytest

from cutter.app.reverting import RevertResult
from cutter.cli.revert import print_verdict
from cutter.model.evidence import Evidence, Outcome

FAILED, SKIPPED, BACK = Outcome.FAILED, Outcome.SKIPPED, Outcome.COMPENSATED
STALE = Outcome.STALE
STILL = "where what run R changed is still in place"


def ended(outcomes: dict[str, tuple[Outcome, ...]], guard: str = "") -> RevertResult:
    """Return a revert whose steps on each target came to this."""
    evidence = (
        (target, Evidence(f"s{number}", "file", "h", each, guard=guard if each is FAILED else ""))
        for target, found in outcomes.items()
        for number, each in enumerate(found)
    )
    return RevertResult("own", tuple(evidence), {})


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (ended({"a": (BACK,)}), "as it was before run R"),
        (
            ended({"a": (FAILED, SKIPPED)}, "taken back"),
            f"exit 11: the revert was itself taken back on a, {STILL}",
        ),
        (
            ended({"a": (FAILED, SKIPPED)}),
            f"exit 11: the revert failed and changed nothing on a, {STILL}",
        ),
        (
            ended({"a": (FAILED,), "b": (BACK, SKIPPED)}, "taken back"),
            f"exit 11: the revert was itself taken back on a, {STILL}; not all of run R is taken back on b",
        ),
        (
            ended({"a": (FAILED, STALE)}),
            "exit 11: the revert failed; not all of run R is taken back on a",
        ),
    ],
)
def test_what_is_said(result: RevertResult, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_verdict(result, "R", "site", Namespace(no_color=True))
    assert capsys.readouterr().out.partition("; ")[2] == f"{said} (run own)\n"
