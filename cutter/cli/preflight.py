"""Tell whether runbooks may run: look at their preflight steps only. Nothing is touched."""

from __future__ import annotations

import argparse

from cutter.app.planning import preflight_job, refuse_unmet
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.model.evidence import worst_exit


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("runbooks", nargs="+", metavar="RUNBOOK", help="runbook files")
    options.add_environment(parser)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Look at every preflight step; 0 when all hold. Raises PreconditionError for the first that does not."""
    workspace = Workspace(options.choice(args))
    jobs = workspace.jobs(args.runbooks)
    plans = [preflight_job(workspace, job) for job in jobs]
    if args.json:
        from cutter.report.run_json import plan_body, plans_body

        bodies = [plan_body(plan, job.runbook.title) for job, plan in zip(jobs, plans, strict=True)]
        options.print_json(plans_body(printing.environment_body(workspace), bodies))
    else:
        printing.print_banner(workspace, args)
        for job, plan in zip(jobs, plans, strict=True):
            held = sum(len(target.preflight) for target in plan.targets)
            unmet = sum(len(target.refused) for target in plan.targets)
            print(f"{job.runbook.name}: {held - unmet} of {held} preflight steps hold")
            for target in plan.targets:
                if target.unseen is not None:
                    print(f"  x {target.target}: {target.unseen.cause}; next: {target.unseen.remedy}")
    for job, plan in zip(jobs, plans, strict=True):
        refuse_unmet(workspace, job, plan)
    return worst_exit(why.exit_code for plan in plans for why in plan.unseen)
