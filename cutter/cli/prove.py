"""Try what runbooks would do in a transaction that is always rolled back, and record the verdict.

Exit 13 when a step cannot be proved, or something of it stayed. What acts on a host is only looked at. A
proof rehearses a gap and closes none.
"""

from __future__ import annotations

import argparse
from functools import partial

from cutter.app.applying import writing
from cutter.app.interrupts import graceful_stop
from cutter.app.planning import plan_job
from cutter.app.proving import prove
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.cli._output import outlived
from cutter.cli._watching import watched
from cutter.engine.executor import RunResult, exit_title
from cutter.model.evidence import Evidence, Outcome, worst_exit
from cutter.report.proof_text import proof_line, proof_verdict


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_recorded_run(parser)


def run(args: argparse.Namespace) -> int:
    """Prove, and return 0, or 13 where a proof failed. Only the ledger is written to."""
    workspace = Workspace(options.choice(args))
    jobs = workspace.jobs(args.runbooks)
    with writing(workspace, wait_seconds=args.lock_timeout) as session:
        jobs = list(session.rebound(jobs))
        if not args.json:
            printing.print_banner(workspace, args)
        plans = [plan_job(workspace, job, only=args.only) for job in jobs]
        results: list[RunResult] = []
        with graceful_stop() as stop:
            for job, plan in zip(jobs, plans, strict=True):
                with watched(workspace, plan, args, stop, partial(_tell_one, args)) as watch:
                    results.append(prove(session, job, plan, stop=stop, watch=watch))
            code = worst_exit(result.exit_code for result in results)
            with outlived(stop.unheard):
                _tell(workspace, results, code, args)
    return code


def _tell_one(args: argparse.Namespace, target: str, evidence: Evidence) -> None:
    if evidence.outcome not in (Outcome.OK, Outcome.SKIPPED) and not args.json:
        print(proof_line(target, evidence, colour=options.colour(args)))


def _tell(workspace: Workspace, results: list[RunResult], code: int, args: argparse.Namespace) -> None:
    if args.json:
        printing.print_runs_json(workspace, results, code)
        return
    for result in results:
        said, title = options.colour(args), exit_title(result.exit_code)
        print(proof_verdict(result.runbook, result.run, result.counts, result.exit_code, title, colour=said))
