"""Show what runbooks would do: change, no change, or unknown until apply. Nothing is touched."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from shlex import quote

from cutter.app.planfile import checked_output, write_plan
from cutter.app.planning import plan_job
from cutter.app.refusing import Refusals, all_unmet, first_refusal
from cutter.app.workspace import Job, Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.errors import CutterError, Unavailable
from cutter.model.evidence import worst_exit
from cutter.model.plan import Plan


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_runbooks(parser)
    options.add_environment(parser)
    options.add_hosts(parser)
    parser.add_argument(
        "--diff", action="store_true", help="show the change of file contents, secrets hidden"
    )
    help_text = "keep the plan in a file; `cutter apply FILE` does exactly it or refuses"
    parser.add_argument("-o", "--out", default="", metavar="FILE", help=help_text)
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when something would change")
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, and return 0, or 2 for pending changes where that was asked for."""
    return run_plan(args, detailed=args.detailed_exitcode)


def run_plan(args: argparse.Namespace, *, detailed: bool) -> int:
    """Plan the runbooks of the command line. Raises, after showing it, what would refuse an apply."""
    workspace = Workspace(options.choice(args))
    out = checked_output(args.out) if getattr(args, "out", "") else ""
    if out:
        workspace.create_digest_key()
    jobs = workspace.jobs(args.runbooks, asking=True)
    plans = [plan_job(workspace, job, only=args.only, preview=args.diff) for job in jobs]
    found = all_unmet(workspace, jobs, plans)
    refusal = first_refusal(jobs, found)
    if args.json:
        _print_json(workspace, jobs, plans, refusal)
    else:
        printing.print_banner(workspace, args)
        printing.print_plans(workspace, jobs, plans, args)
    left_out = _left_out(workspace, plans, found)
    if out and left_out:
        print(f"no plan is kept: {left_out}", file=sys.stderr)
    elif out:
        digest = write_plan(out, workspace.choice, args.only, jobs, plans)
        print(f"plan kept in {out} ({digest}); next: {workspace.command('apply', out)}", file=sys.stderr)
    return _code(plans, found, refusal, args, detailed=detailed)


def _code(
    plans: Sequence[Plan],
    found: Sequence[Refusals],
    refusal: CutterError | None,
    args: argparse.Namespace,
    *,
    detailed: bool,
) -> int:
    """Return what the command ends with; what refuses it as a whole is raised, unless it was told as JSON."""
    if refusal is not None and not args.json:
        raise refusal
    if refusal is not None:
        return refusal.exit_code
    pending = detailed and any(plan.pending for plan in plans)
    codes = [why.exit_code for plan in plans for why in plan.unseen]
    codes += [error.exit_code for refused in found for error in refused.values()]
    if getattr(args, "out", "") and any(target.first for plan in plans for target in plan.targets):
        codes.append(Unavailable.exit_code)  # a plan was to be kept, and is not
    return worst_exit([*codes, 2 if pending else 0])


def _left_out(workspace: Workspace, plans: Sequence[Plan], found: Sequence[Refusals]) -> str:
    """Say which target no plan can be kept for, if any, and the limit that keeps one for the others."""
    unseen = [target.target for plan in plans for target in plan.targets if target.unseen or target.first]
    refused = [name for refusals in found for name in refusals]
    told = [f"{name} could not be looked at" for name in unseen] + [f"{name} is refused" for name in refused]
    return f"{told[0]}{_hint(workspace, plans, dict.fromkeys([*unseen, *refused]))}" if told else ""


def _hint(workspace: Workspace, plans: Sequence[Plan], left_out: Collection[str]) -> str:
    """Return the limit that leaves hosts out, where others remain; a database is not left out by one."""
    others = any(target.target not in left_out for plan in plans for target in plan.targets)
    if not others or any(map(workspace.is_database, left_out)):
        return ""
    words = [*filter(None, [workspace.choice.limit]), *(f"!{name}" for name in left_out)]
    return f"; --limit {quote(','.join(words))} keeps one for the others"


def _print_json(
    workspace: Workspace, jobs: Sequence[Job], plans: Sequence[Plan], refusal: CutterError | None
) -> None:
    from cutter.report.error_text import error_body
    from cutter.report.run_json import plan_body, plans_body

    bodies = [plan_body(plan, job.runbook.title) for job, plan in zip(jobs, plans, strict=True)]
    told = plans_body(printing.environment_body(workspace), bodies)
    options.print_json({**told, **(error_body(refusal) if refusal else {})})
