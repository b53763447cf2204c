"""A database as a target: its steps run in this process, with connections in hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from cutter.agent.attempt import Attempt
from cutter.agent.requests import RevertRequest, StepRequest
from cutter.agent.running import Agent
from cutter.agent.untouched import skipped
from cutter.database.context import DatabaseContext
from cutter.errors import CutterError
from cutter.hosts.in_process import InProcessTarget
from cutter.model.evidence import Evidence, Outcome

Stop = Callable[[], bool]


class DatabaseTarget(InProcessTarget):
    """A database of databases.yml."""

    def __init__(self, name: str, kept_folder: str, digest_key: bytes, context: DatabaseContext) -> None:
        """Take the context that its steps get."""
        super().__init__(name, kept_folder, digest_key, context)
        self._database = context

    def identity(self) -> str:
        """Return what tells this database from every other. Raises Unavailable."""
        return self._database.identity()

    def facts(self, names: Collection[str]) -> Mapping[str, str]:
        """Return nothing: a database has no facts, and no runbook that acts on one may ask."""
        del names
        return {}

    def apply(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], stop: Stop
    ) -> Iterator[Evidence]:
        """Apply the steps in order, the kill switch on around those that the runbook names for it.

        After a failure it stays on: what compensates comes before it goes off, which whoever began the run
        sees to.
        """
        agent, ended = self._agent(content), ""
        for part, switched in self._parts(steps):
            if ended:
                yield from (skipped(step, ended) for step in part)
                continue
            applied = self._switched(agent, part, stop) if switched else agent.apply(part, stop)
            for evidence in applied:
                ended = ended or _end(evidence)
                yield evidence

    def workplaces(self, steps: Sequence[StepRequest] | Sequence[RevertRequest]) -> Collection[str]:
        """Return no folder: a database keeps its own house."""
        del steps
        return ()

    def sweep(self, folders: Collection[str]) -> None:
        """Remove nothing: what a dead session left, the server has rolled back."""
        del folders

    def _parts(self, steps: Sequence[StepRequest]) -> Iterator[tuple[Sequence[StepRequest], bool]]:
        """Yield the steps before, under and after the switch, each with whether it is to be on."""
        wanted = self._database.scope.kill_switch.steps if self._has_switch() else ()
        places = [place for place, step in enumerate(steps) if step.id.partition("[")[0] in wanted]
        first, last = (places[0], places[-1] + 1) if places else (len(steps), len(steps))
        yield from ((steps[:first], False), (steps[first:last], True), (steps[last:], False))

    def _has_switch(self) -> bool:
        return self._database.scope is not None and self._database.scope.kill_switch is not None

    def _switched(self, agent: Agent, steps: Sequence[StepRequest], stop: Stop) -> Iterator[Evidence]:
        """Apply steps while the switch is on; where it cannot be turned on, the first of them is blocked."""
        refusal = None if not steps or stop() else self._refusal()
        if refusal is not None:
            yield Attempt(steps[0]).failed(refusal)
            yield from (skipped(step, f"{steps[0].id} did not succeed") for step in steps[1:])
            return
        for place, evidence in enumerate(agent.apply(steps, stop), start=1):
            if place == len(steps) and evidence.outcome.success:
                self._database.scope.close_switch()
            yield evidence

    def _refusal(self) -> CutterError | None:
        try:
            self._database.scope.open_switch(self._database)
        except CutterError as error:
            return error
        return None


def _end(evidence: Evidence) -> str:
    """Return why nothing after this is begun, or nothing."""
    if evidence.outcome.success:
        return ""
    skipped_too = evidence.outcome is Outcome.SKIPPED
    return evidence.reason if skipped_too else f"{evidence.step} did not succeed"
