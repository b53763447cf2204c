"""Show what runbooks would do: change, no change, or unknown until apply. Nothing is touched."""

from __future__ import annotations

import argparse

from cutter.app.planning import earlier_work, plan_job, refuse_unmet
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_runbooks(parser)
    options.add_environment(parser)
    parser.add_argument(
        "--diff", action="store_true", help="show the change of file contents, secrets hidden"
    )
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when something would change")
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, and return 0, or 2 for pending changes where that was asked for."""
    return run_plan(args, detailed=args.detailed_exitcode)


def run_plan(args: argparse.Namespace, *, detailed: bool) -> int:
    """Plan the runbooks of the command line. Raises, after showing it, what would refuse an apply."""
    workspace = Workspace(options.choice(args))
    jobs = workspace.jobs(args.runbooks)
    plans = [plan_job(workspace, job, only=args.only, preview=args.diff) for job in jobs]
    if args.json:
        from cutter.report.run_json import plan_body, plans_body

        bodies = [plan_body(plan, job.runbook.title) for job, plan in zip(jobs, plans, strict=True)]
        options.print_json(plans_body(printing.environment_body(workspace), bodies))
    else:
        printing.print_banner(workspace, args)
        printing.print_plans(jobs, plans, args)
    for index, (job, plan) in enumerate(zip(jobs, plans, strict=True)):
        refuse_unmet(workspace, job, plan, preflight_later=bool(earlier_work(jobs, plans, index)))
    return 2 if detailed and any(plan.pending for plan in plans) else 0
