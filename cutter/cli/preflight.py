"""Tell whether runbooks may run: look at what must hold before. Nothing is touched.

Of a runbook with a gate or a kill switch every condition is listed: each gap that blocks, who may approve and
who has (--request), the database, the backup, the plan of the cut. What the run sees to itself is marked with
the step that does.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cutter.app.planning import preflight_job
from cutter.app.refusing import Refusals, costs, unmet_on
from cutter.app.workspace import Job, Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.errors import UsageError
from cutter.model.condition import Condition
from cutter.model.evidence import worst_exit
from cutter.model.plan import Plan
from cutter.report.kept_out import KeptOut, kept_out_lines
from cutter.report.plan_text import unseen_in

Conditions = dict[str, list[Condition]]
"""By the path of its runbook."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("runbooks", nargs="+", metavar="RUNBOOK", help="runbook files")
    help_text = "the request of the run, to see whether it is signed"
    parser.add_argument("--request", default="", metavar="FILE", help=help_text)
    options.add_environment(parser)
    options.add_hosts(parser)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Look; 0 when all hold. Raises PreconditionError where nothing could begin anywhere."""
    workspace = Workspace(options.choice(args))
    jobs = workspace.jobs(args.runbooks)
    found = _conditions(workspace, jobs, args)
    plain = [job for job in jobs if job.path not in found]
    plans = [preflight_job(workspace, job) for job in plain]
    refused = [unmet_on(workspace, job, plan) for job, plan in zip(plain, plans, strict=True)]
    if args.json:
        _print_json(workspace, jobs, dict(zip((job.path for job in plain), plans, strict=True)), found)
    else:
        _print(workspace, list(zip(plans, refused, strict=True)), found, args)
    for job, refusals in zip(plain, refused, strict=True):
        costs(job, refusals)
    codes = [why.exit_code for plan in plans for why in plan.unseen]
    codes += [error.exit_code for refusals in refused for error in refusals.values()]
    return worst_exit([*codes, *(each.code for all_of in found.values() for each in all_of if not each.go)])


def _conditions(workspace: Workspace, jobs: Sequence[Job], args: argparse.Namespace) -> Conditions:
    from cutter.app.preflight import conditions, has_conditions

    governed = [job for job in jobs if has_conditions(job)]
    if args.request and len(governed) != 1:
        raise UsageError("--request is about one runbook with a kill switch", remedy="name it alone")
    return {job.path: list(conditions(workspace, job, args.request)) for job in governed}


def _print_json(workspace: Workspace, jobs: Sequence[Job], plans: dict[str, Plan], found: Conditions) -> None:
    from cutter.report.preflight_text import condition_body
    from cutter.report.run_json import plan_body, plans_body

    titles = {job.path: job.runbook for job in jobs}
    body = plans_body(
        printing.environment_body(workspace),
        [plan_body(plan, titles[path].title) for path, plan in plans.items()],
    )
    told = {titles[path].name: [condition_body(each) for each in all_of] for path, all_of in found.items()}
    options.print_json({**body, **({"conditions": told} if told else {})})


def _print(
    workspace: Workspace,
    plans: Sequence[tuple[Plan, Refusals]],
    found: Conditions,
    args: argparse.Namespace,
) -> None:
    printing.print_banner(workspace, args)
    for plan, refused in plans:
        held = sum(len(target.preflight) for target in plan.targets)
        unmet = sum(len(target.refused) for target in plan.targets)
        print(f"{plan.runbook}: {held - unmet} of {held} preflight steps hold")
        alone = [KeptOut(name, error.cause, error.remedy) for name, error in refused.items()]
        for line in kept_out_lines([*unseen_in(plan), *alone], colour=options.colour(args)):
            print(line)
    for path, all_of in found.items():
        from cutter.report.preflight_text import preflight_text

        print(preflight_text(path, all_of, colour=options.colour(args)))
