"""Try what runbooks would do in a transaction that is always rolled back, and record the verdict.

Exit 13 when a step cannot be proved, or something of it stayed. A proof rehearses a gap and closes none.
"""

from __future__ import annotations

import argparse
from functools import partial

from cutter.app.applying import writing
from cutter.app.proving import prove
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.engine.executor import RunResult, exit_title
from cutter.model.evidence import Evidence, Outcome, worst_exit
from cutter.model.plan import PlannedStep
from cutter.report.proof_text import proof_line, proof_verdict


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_runbooks(parser)
    options.add_environment(parser)
    help_text = "wait this long for another run to end (default 0: refuse at once)"
    parser.add_argument("--lock-timeout", type=float, default=0, metavar="SECONDS", help=help_text)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Prove, and return 0, or 13 where a proof failed. Only the ledger is written to."""
    workspace = Workspace(options.choice(args))
    jobs = workspace.jobs(args.runbooks)
    with writing(workspace, wait_seconds=args.lock_timeout) as session:
        jobs = list(session.rebound(jobs))
        if not args.json:
            printing.print_banner(workspace, args)
        results = [prove(session, job, only=args.only, watch=partial(_watch, args))[1] for job in jobs]
    code = worst_exit(result.exit_code for result in results)
    if args.json:
        from cutter.report.run_json import runs_body

        body = runs_body(printing.environment_body(workspace), map(printing.run_body, results), code)
        options.print_json(body)
        return code
    for result in results:
        _print(result, args)
    return code


def _watch(args: argparse.Namespace, target: str, step: PlannedStep, evidence: Evidence) -> None:
    del step
    if evidence.outcome not in (Outcome.OK, Outcome.SKIPPED) and not args.json:
        print(proof_line(target, evidence, colour=options.colour(args)), flush=True)


def _print(result: RunResult, args: argparse.Namespace) -> None:
    title = exit_title(result.exit_code)
    print(
        proof_verdict(
            result.runbook, result.run, result.counts, result.exit_code, title, colour=options.colour(args)
        )
    )
