"""Prove: try what a runbook would do in a transaction that is always rolled back, and record the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cutter.agent.requests import StepRequest
from cutter.app.applying import WritingSession, broken_run, new_run_id
from cutter.app.workspace import Job, Workspace
from cutter.engine.executor import RunResult, Watch
from cutter.engine.proof import Prove, prove_target
from cutter.engine.stopping import Stop
from cutter.model.evidence import Evidence
from cutter.model.plan import Plan
from cutter.resources import resource_type


def prove(session: WritingSession, job: Job, plan: Plan, *, stop: Stop, watch: Watch) -> RunResult:
    """Prove the plan of a runbook on all its targets; only the ledger is written to.

    Raises PreconditionError, recorded as a refusal, on a target where nothing may run.
    """
    run = new_run_id()
    with session.refusals_recorded(run, job):
        session.refuse_halted([bound.target for bound in job.bound])
    recording = session.recording(run, job, "prove", plan)
    with broken_run(recording):
        results = tuple(
            prove_target(
                target,
                bound,
                _prover(session.workspace, bound.target, run, stop),
                recording,
                provable=lambda kind: resource_type(kind).provable,
                stop=stop,
                watch=watch,
            )
            for bound, target in zip(job.bound, plan.targets, strict=True)
        )
        result = RunResult(run, job.runbook.name, results)
        recording.end(result.exit_code, result.counts)
    return result


def _prover(workspace: Workspace, name: str, run: str, stop: Stop) -> Prove:
    def tried(steps: Sequence[StepRequest], content: Mapping[str, bytes]) -> Iterator[Evidence]:
        from cutter.filesystem.kept import KeptContent
        from cutter.hosts.proving import Asked, proved

        kept = KeptContent(workspace.kept_folder)
        for digest, held in content.items():
            kept.offer(digest, held)
        context = workspace.database_context(name, run)
        yield from proved(context, workspace.digest_key, steps, kept, Asked(stop, stop.abortable))

    return tried
