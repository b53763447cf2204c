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
from cutter.engine.executor import Watch
from cutter.model.evidence import Evidence
from cutter.model.plan import Plan, PlannedStep
from cutter.report.progress import progress_line

Tell = Callable[[str, Evidence], None]
"""Prints the outcome of a step on a target, if it is worth a line."""


@contextmanager
def watched(
    workspace: Workspace, plan: Plan, args: argparse.Namespace, stop: Requests, tell: Tell
) -> Iterator[Watch]:
    """Give what is told of each outcome of a plan; meanwhile long work shows on the terminal."""
    total, counted = sum(len(target.steps) for target in plan.targets), count(1)
    with progress_line(sys.stderr, wanted=not args.json) as line:
        workspace.hears = line

        def watch(target: str, step: PlannedStep, evidence: Evidence) -> None:
            del step
            with line.aside() if line else nullcontext(), outlived(stop.unheard):
                tell(target, evidence)
            if line:
                line("steps", next(counted), total)

        try:
            yield watch
        finally:
            workspace.hears = None
