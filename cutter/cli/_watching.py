"""What a run says while it lasts: each outcome as it comes, and on a terminal how far it has come."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count

from cutter.app.interrupts import Requests
from cutter.app.workspace import Workspace
from cutter.cli._output import outlived
from cutter.cli._printing import FEW
from cutter.engine.executor import Watch
from cutter.engine.executor import count as count_outcomes
from cutter.model.evidence import Evidence
from cutter.model.plan import Plan, PlannedStep
from cutter.report.progress import progress_line
from cutter.report.run_text import counts_text

_MANY = 20
"""Of more targets than these, only one that did not end well is told of, lest it scroll away."""
Tell = Callable[[str, Evidence], None]
"""Prints the outcome of a step on a target, if it is worth a line."""


class _Ends:
    """Tells of each of many targets, on standard error, when it has come to its end."""

    def __init__(self, plan: Plan) -> None:
        self._open = {target.target: len(target.steps) for target in plan.targets}
        self._found: dict[str, list[Evidence]] = {target.target: [] for target in plan.targets}

    def hear(self, target: str, evidence: Evidence) -> None:
        """Take an outcome."""
        self._found[target].append(evidence)
        if len(self._found[target]) == self._open[target]:
            found = self._found.pop(target)
            if len(self._open) <= _MANY or not all(item.outcome.success for item in found):
                print(f"{target}: {counts_text(count_outcomes(found))}", file=sys.stderr)


@contextmanager
def watched(
    workspace: Workspace, plan: Plan, args: argparse.Namespace, stop: Requests, tell: Tell
) -> Iterator[Watch]:
    """Give what is told of each outcome of a plan; meanwhile long work shows on the terminal."""
    total, counted = sum(len(target.steps) for target in plan.targets), count(1)
    ends = _Ends(plan) if len(plan.targets) > FEW and not args.json else None
    with progress_line(sys.stderr, wanted=not args.json) as line:
        workspace.hears = line

        def watch(target: str, step: PlannedStep, evidence: Evidence) -> None:
            del step
            with line.aside() if line else nullcontext(), outlived(stop.unheard):
                if ends is None:
                    tell(target, evidence)
                else:
                    ends.hear(target, evidence)
            if line:
                line("steps", next(counted), total)

        try:
            yield watch
        finally:
            workspace.hears = None
