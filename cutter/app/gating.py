"""A gate's look: the matrix as the ledger has it, and then the world itself, for every gap that blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cutter.app.gaps import Own, matrix_status
from cutter.app.matrix_file import matrix_digest, matrix_path
from cutter.app.planning import plan_job
from cutter.app.workspace import Choice, Workspace
from cutter.errors import CutterError, GapOpen, InvalidDocument
from cutter.model.gap_actions import NextActions
from cutter.model.gap_values import GapStatus, MatrixStatus, ObjectiveStatus
from cutter.model.gate import GateLook, OpenGap
from cutter.model.look import Prediction
from cutter.report.plan_text import unmet


def look_at_gaps(workspace: Workspace, runbook: str, run: str, *, inside: bool) -> GateLook:
    """Judge every gap that blocks the first production run; see `cutter.model.gate.LookAtGaps`.

    The chain is verified first. What the runbook does not close itself has to hold twice: by its evidence,
    and by a plan that is made now and finds nothing to do. A limit or a variable of -e is left aside.
    """
    clean = Workspace(Choice(workspace.choice.folder))
    try:
        with clean.read_ledger() as ledger:
            status = matrix_status(clean.choice, ledger, ask=True, own=Own(runbook, run))
    except InvalidDocument as error:
        raise GapOpen(f"the matrix cannot be judged: {error.cause}", place=matrix_path(clean)) from error
    return _Gate(clean, runbook, inside=inside).judged(status)


_ALL = ("", "")
"""The place of an answer that is about every step."""


class _Gate:
    """Judges gaps for one runbook, and looks at each other runbook once."""

    def __init__(self, workspace: Workspace, runbook: str, *, inside: bool) -> None:
        self._workspace = workspace
        self._runbook = runbook
        self._inside = inside
        self._folder = Path(matrix_path(workspace)).parent
        self._looks: dict[str, dict[tuple[str, str], str]] = {}

    def judged(self, status: MatrixStatus) -> GateLook:
        blocking = [gap for gap in status.gaps if gap.declaration.blocks == "yes"]
        if not blocking:
            raise GapOpen("the matrix declares no gap that blocks, so it can tell nothing")
        nexts = NextActions({}, self._workspace.command("apply"), str(self._folder))
        found = {gap.declaration.id: self._open(gap, nexts) for gap in blocking}
        closed = tuple(name for name, gap in found.items() if gap is None)
        still = tuple(gap for gap in found.values() if gap is not None)
        own = {gap.declaration.id: tuple(self._own_steps(gap)) for gap in blocking}
        return GateLook(matrix_digest(self._workspace), closed, still, own)

    def _open(self, gap: GapStatus, nexts: NextActions) -> OpenGap | None:
        """Return the first thing that keeps a gap from being closed, or None."""
        name = gap.declaration.id
        if not gap.objectives:
            return OpenGap(name, gap.next_action, gap.command)
        for objective in gap.objectives:
            if self._own(objective) and not self._inside:
                continue
            if not objective.holds:
                return OpenGap(name, *nexts.about(objective))
            for difference in () if self._own(objective) else self._differences(objective):
                file = str(self._folder / objective.declaration.runbook)
                return OpenGap(name, f"a fresh look at {file} says: {difference}", f"{nexts.command} {file}")
        return None

    def _own_steps(self, gap: GapStatus) -> Iterator[str]:
        for objective in filter(self._own, gap.objectives):
            yield from dict.fromkeys(step.step for step in objective.steps)

    def _own(self, objective: ObjectiveStatus) -> bool:
        return objective.runbook == self._runbook

    def _differences(self, objective: ObjectiveStatus) -> Iterator[str]:
        """Yield what a plan made now says against the steps of an objective."""
        file = objective.declaration.runbook
        if file not in self._looks:
            self._looks[file] = self._looked_at(file)
        seen = self._looks[file]
        for step in objective.steps:
            answer = seen.get((step.target, step.step), seen.get(_ALL, "is not in its plan"))
            if answer:
                yield f"{step.step} on {step.target}: {answer}"
        for step in objective.left_out:
            if (step.target, step.step) in seen:
                yield f"{step.step} on {step.target}: it is for this host now"

    def _looked_at(self, file: str) -> dict[tuple[str, str], str]:
        """Return by target and step why it is not as declared now, or nothing."""
        try:
            plan = plan_job(self._workspace, self._workspace.job(str(self._folder / file)), anew=False)
        except CutterError as error:
            return {_ALL: error.cause}
        unseen = next((target.unseen for target in plan.targets if target.unseen is not None), None)
        if unseen is not None:
            return {_ALL: unseen.cause}
        return {
            (target.target, step.id): "" if step.look.prediction is Prediction.NO_CHANGE else unmet(step)
            for target in plan.targets
            for step in target.steps
        }
