"""Verify: look again at what a runbook declares, and record what was seen."""

from __future__ import annotations

from collections.abc import Collection

from cutter.app.applying import WritingSession, new_run_id
from cutter.app.planning import plan_job
from cutter.app.workspace import Job
from cutter.engine.executor import RunResult, converged, result_of
from cutter.model.plan import Plan


def verify(session: WritingSession, job: Job, *, only: Collection[str] = ()) -> tuple[Plan, RunResult]:
    """Look at every step, record evidence (ok or drifted), and return it. Targets are not touched."""
    plan = plan_job(session.workspace, job, only=only, anew=False)
    run = new_run_id()
    recording = session.recording(run, job, "verify", plan)
    results = []
    for bound, target in zip(job.bound, plan.targets, strict=True):
        evidence = tuple(converged(target, bound))
        for item in evidence:
            recording.evidence(target.target, target.identity, item)
        results.append(result_of(target, evidence))
    result = RunResult(run, job.runbook.name, tuple(results))
    recording.end(result.exit_code, result.counts)
    return plan, result
