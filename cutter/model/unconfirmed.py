"""What was done under a guard and is, as far as known, neither confirmed nor taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cutter.model.evidence import Outcome
from cutter.model.runs import RunRecord
from cutter.named_tuple import NamedTuple

STUCK, UNKNOWN = "stuck", "unknown"
"""How such steps stand of which only the ledger tells."""
_NOBODY_LOOKED = frozenset({"blocked", "skipped", "unknown", "unobservable"})
_WORDS = {
    STUCK: (
        "was never confirmed, and could not be taken back",
        "put it back by hand, or apply a runbook there: that is tried again first",
    ),
    UNKNOWN: (
        "may be neither confirmed nor taken back",
        "apply a runbook there: what is overdue is taken back first",
    ),
}


class Unconfirmed(NamedTuple):
    """Steps of one run on one target, how they stand, what that means, and what a person can do.

    `place` is the file that holds them, empty where only the ledger tells of them.
    """

    target: str
    run: str
    state: str
    steps: tuple[str, ...]
    cause: str
    remedy: str
    place: str = ""

    def body(self) -> dict[str, Any]:
        """Return it for a reader that is a program."""
        return {**self._asdict(), "steps": list(self.steps)}


def fold_unconfirmed(runs: Iterable[RunRecord]) -> list[Unconfirmed]:
    """Return what runs, oldest first, may have left on targets on which nobody has looked since.

    Whoever looks at a target finds that nothing is left there, for otherwise the look is refused.
    """
    found: dict[str, list[Unconfirmed]] = {}
    for run in runs:
        for item in run.evidence:
            if item["outcome"] not in _NOBODY_LOOKED:
                found.pop(item["target"], None)
        for left in _left_by(run):
            found.setdefault(left.target, []).append(left)
    return [left for lefts in found.values() for left in lefts]


def _left_by(run: RunRecord) -> Iterator[Unconfirmed]:
    steps: dict[tuple[str, str], list[str]] = {}
    for (target, step), intent in run.open.items():
        if intent.get("confirm"):
            steps.setdefault((target, UNKNOWN), []).append(step)
    for item in run.evidence:
        if item.get("guard") == "armed" and item["outcome"] == Outcome.FAILED.value:
            steps.setdefault((item["target"], STUCK), []).append(item["step"])
    for (target, state), names in steps.items():
        cause, remedy = _WORDS[state]
        yield Unconfirmed(target, run.run, state, tuple(names), f"a change of run {run.run} {cause}", remedy)
