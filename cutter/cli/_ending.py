"""How a command of several runbooks ended: which were applied, which were not begun, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cutter.app.workspace import Job
from cutter.engine.executor import RunResult, worst_of_runs
from cutter.errors import NOTHING_CHANGED, CutterError
from cutter.named_tuple import NamedTuple

_RULE = "a runbook begins only when the one before has succeeded everywhere"


class End(NamedTuple):
    """The runs there were, the runbook that came last, those that were not begun, and what was raised."""

    results: Sequence[RunResult]
    last: Job
    waiting: Sequence[Job]
    error: CutterError | None

    @property
    def code(self) -> int:
        """The exit code of the command."""
        return self.error.exit_code if self.error is not None else worst_of_runs(self.results)

    @property
    def more(self) -> bool:
        """Whether there is more to tell than a complaint."""
        return bool(self.results or self.waiting)

    def lines(self) -> Iterator[str]:
        """Yield what a person should read of those that were not begun."""
        if self.waiting:
            yield f"not begun: {', '.join(job.path for job in self.waiting)}: {self._why}"

    def paths(self) -> list[str]:
        """Return the runbooks that a command which goes on would name."""
        return [job.path for job in (self.last, *self.waiting)]

    def body(self) -> dict[str, Any]:
        """Return the same, and the complaint, for programs."""
        from cutter.report.error_text import error_body

        complaint = error_body(self.error) if self.error is not None else {}
        return {"not_begun": not_begun(self.waiting, self._why), **complaint}

    @property
    def _why(self) -> str:
        return f"{self.last.runbook.name} ended with exit {self._last_code}, and {_RULE}"

    @property
    def _last_code(self) -> int:
        return self.error.exit_code if self.error is not None else self.results[-1].exit_code


def not_begun(jobs: Sequence[Job], reason: str) -> list[dict[str, Any]]:
    """Return, for programs, the runbooks that were not begun, and why."""
    return [{"runbook": job.runbook.name, "path": job.path, "reason": reason} for job in jobs]


def after_others(results: Sequence[RunResult], error: CutterError) -> CutterError:
    """Return a complaint that speaks of its runbook alone, where others were applied before it."""
    if results and error.world == NOTHING_CHANGED:
        before = ", ".join(f"{result.runbook} (run {result.run})" for result in results)
        error.world = f"it changed nothing; what was done before it stays: {before}"
    return error
