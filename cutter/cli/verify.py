"""Look again at what runbooks declare and record what was seen; exit 2 names each attribute that drifted."""

from __future__ import annotations

import argparse

from cutter.app.applying import writing
from cutter.app.verifying import verify
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.model.evidence import worst_exit


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_recorded_run(parser)


def run(args: argparse.Namespace) -> int:
    """Verify, and return 0, or 2 where something drifted. Only the ledger is written to."""
    workspace = Workspace(options.choice(args))
    jobs = workspace.jobs(args.runbooks, asking=True)
    with writing(workspace, wait_seconds=args.lock_timeout) as session:
        jobs = list(session.rebound(jobs))
        results = [verify(session, job, only=args.only)[1] for job in jobs]
    code = worst_exit(result.exit_code for result in results)
    if args.json:
        printing.print_runs_json(workspace, results, code)
        return code
    printing.print_banner(workspace, args)
    for result in results:
        printing.print_result(result, args)
    if code:
        print(f"next: {workspace.command_alike('apply', *args.runbooks)}")
    return code
