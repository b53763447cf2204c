"""A run over all its targets: wave by wave, each target for itself, what failed taken back where asked."""

from __future__ import annotations

from collections.abc import Sequence

from cutter.app.compensating import compensate
from cutter.app.namesakes import undone
from cutter.app.refusing import Refusals
from cutter.app.workspace import Workspace
from cutter.engine.executor import TargetResult, Watch, Work, execute, refuse, skip
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.engine.waves import too_many, waves
from cutter.model.runbook import Runbook
from cutter.named_tuple import NamedTuple


class Rollout(NamedTuple):
    """What a run does to targets; nothing is begun on those that are `refused`, which count as failed."""

    workspace: Workspace
    runbook: Runbook
    recording: Recording
    refused: Refusals
    stop: Stop
    watch: Watch

    def over(self, works: Sequence[Work]) -> tuple[TargetResult, ...]:
        """Do it, and return what came of each target, recorded. Raises what `execute` raises."""
        results: list[TargetResult] = []
        for wave in waves(works, self.runbook.serial):
            failed = [done.target for done in results if done.exit_code and not done.only_skipped]
            if too_many(len(failed), len(works), self.runbook.max_fail):
                results += skip(wave, self.recording, f"no wave begins after the one of {failed[-1]}")
            elif results and self.stop():
                cut_short = skip(wave, self.recording, "the run was interrupted")
                results += [done._replace(interrupted=True) for done in cut_short]
            else:
                results += self._on_a_wave(wave)
        return self._as_it_is_now(works, results)

    def _as_it_is_now(
        self, works: Sequence[Work], results: Sequence[TargetResult]
    ) -> tuple[TargetResult, ...]:
        """Return the results, with what another name of the same machine has undone."""
        found = undone(works, results, self.workspace.parallel)
        if not any(found.values()):
            return tuple(results)
        steps = {work.plan.target: {step.id: step for step in work.plan.steps} for work in works}
        for target, differing in found.items():
            for step, item in differing.items():
                identity = next(done.identity for done in results if done.target == target)
                self.recording.evidence(target, identity, item)
                self.watch(target, steps[target][step], item)
        return tuple(
            done._replace(
                evidence=tuple(found.get(done.target, {}).get(item.step, item) for item in done.evidence)
            )
            for done in results
        )

    def _on_a_wave(self, works: Sequence[Work]) -> list[TargetResult]:
        done = iter(self._on_targets([work for work in works if work.plan.target not in self.refused]))
        return [
            refuse(work, self.refused[work.plan.target], self.recording)
            if work.plan.target in self.refused
            else next(done)
            for work in works
        ]

    def _on_targets(self, works: Sequence[Work]) -> tuple[TargetResult, ...]:
        parallel = self.workspace.parallel
        results = execute(works, self.recording, stop=self.stop, watch=self.watch, parallel=parallel)
        if self.runbook.on_failure != "revert":
            return results
        ended = zip((work.target for work in works), results, strict=True)
        back = [(target, done) for target, done in ended if done.failed and done.changed]
        back = [(target, done) for target, done in back if not done.interrupted]
        taken_back = compensate(back, self.recording, stop=self.stop, parallel=parallel)
        compensated = {done.target: done for done in taken_back}
        return tuple(compensated.get(done.target, done) for done in results)
