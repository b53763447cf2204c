"""Prove: try what a runbook would do in a transaction that is always rolled back, and record the verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from cutter.agent import StepRequest
from cutter.app.applying import WritingSession, new_run_id
from cutter.app.planning import plan_job
from cutter.app.workspace import Job, Workspace
from cutter.engine.executor import RunResult, Watch
from cutter.engine.proof import Prove, prove_target
from cutter.model.evidence import Evidence
from cutter.model.plan import Plan
from cutter.resources import resource_type


def prove(
    session: WritingSession, job: Job, *, only: Collection[str] = (), watch: Watch
) -> tuple[Plan, RunResult]:
    """Prove a runbook on all its targets; only the ledger is written to."""
    plan = plan_job(session.workspace, job, only=only)
    run = new_run_id()
    recording = session.recording(run, job, "prove", plan.digest)
    results = tuple(
        prove_target(
            target,
            bound,
            _prover(session.workspace, bound.target, run),
            recording,
            provable=lambda kind: resource_type(kind).provable,
            watch=watch,
        )
        for bound, target in zip(job.bound, plan.targets, strict=True)
    )
    result = RunResult(run, job.runbook.name, results)
    recording.end(result.exit_code, result.counts)
    return plan, result


def _prover(workspace: Workspace, name: str, run: str) -> Prove:
    def tried(steps: Sequence[StepRequest], content: Mapping[str, bytes]) -> Iterator[Evidence]:
        from cutter.filesystem.kept import KeptContent
        from cutter.hosts.proving import proved

        kept = KeptContent(workspace.kept_folder)
        for digest, held in content.items():
            kept.offer(digest, held)
        yield from proved(workspace.database_context(name, run), workspace.digest_key, steps, kept)

    return tried
