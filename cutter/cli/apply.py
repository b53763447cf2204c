"""Apply runbooks: plan, show, ask, apply each step, look again, record evidence.

Several runbooks are applied in the order given, the next only when the one before has succeeded on every
target; each one's preflight is judged when its turn comes, and which were not begun is said at the end. With
--check nothing is applied: it is `cutter plan`. A plan file (`cutter plan -o`), or a request of one that is
approved (`cutter request`, `cutter approve`), is applied alone, exactly and once.

Hosts that are to get a Python (`bootstrap_python: true`) get it wave by wave, all before the first step: one
that fails keeps later waves from it (serial, max_fail), a step that fails afterwards does not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from cutter.app.applying import UNKEPT, Origin, WritingSession, new_run_id, writing
from cutter.app.overdue import planned_after
from cutter.app.planning import is_plan, plan_job
from cutter.app.refusing import Refusals, all_unmet, costs, lost, pending_beside, unprepared
from cutter.app.run_scoping import refuse_unapproved
from cutter.app.workspace import Job, Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.cli._asking import confirmed
from cutter.cli._executing import execute
from cutter.errors import CutterError, Interrupted
from cutter.model.plan import Plan
from cutter.report.left_out import for_nobody

if TYPE_CHECKING:
    from cutter.app.preparing import Turn
    from cutter.cli._kept import Kept


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_runbooks(parser)
    options.add_environment(parser)
    options.add_hosts(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-input", action="store_true", help="never ask: without --yes, refuse")
    parser.add_argument("--check", action="store_true", help="only plan; nothing is applied")
    parser.add_argument(
        "--diff", action="store_true", help="show the change of file contents, secrets hidden"
    )
    options.add_lock_timeout(parser)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Apply, and return the exit code that wins across runbooks."""
    if args.check:
        from cutter.cli.plan import run_plan

        return run_plan(args, detailed=False)
    if any(map(is_plan, args.runbooks)):
        from cutter.cli._kept import of_a_file

        return _apply_kept(of_a_file(args), args)
    if any(map(_is_request, args.runbooks)):
        from cutter.cli._kept import of_a_request

        return _apply_kept(of_a_request(args), args)
    workspace = Workspace(options.choice(args))
    jobs = workspace.jobs(args.runbooks, asking=True)
    with writing(workspace, wait_seconds=args.lock_timeout) as session:
        jobs = list(session.rebound(jobs))
        look = partial(plan_job, workspace, only=args.only, preview=args.diff)
        plans, taken_back = planned_after(session, jobs, look)
        print("".join(f"{line}\n" for line in taken_back), end="", file=sys.stderr)
        return _apply_all(session, jobs, plans, args)


def _is_request(path: str) -> bool:
    """Tell whether a file holds a request; a runbook is known by its name, and need not be opened."""
    if path.endswith((".yml", ".yaml")):
        return False
    from cutter.approvals.requests import is_request

    return is_request(path)


def _apply_kept(kept: AbstractContextManager[Kept], args: argparse.Namespace) -> int:
    """Apply a plan that was kept in a file: exactly it, or nothing."""
    with kept as (session, jobs, plans, origin):
        return _apply_all(session, jobs, plans, args, origin)


def _apply_all(
    session: WritingSession,
    jobs: Sequence[Job],
    plans: Sequence[Plan],
    args: argparse.Namespace,
    origin: Origin = UNKEPT,
) -> int:
    found = _refusals(session, jobs, plans, origin)
    pending = sum(pending_beside(plan, refused) for plan, refused in zip(plans, found, strict=True))
    if not args.json:
        printing.print_banner(session.workspace, args)
        if any(plan.pending or for_nobody(plan) for plan in plans):
            printing.print_plans(session.workspace, jobs, plans, args)
    _refuse(session, jobs, plans, found, approved=origin.acceptance is not None)
    if pending and not confirmed(f"Apply {pending} steps?", args):
        print("nothing was changed")
        return Interrupted.exit_code
    lacking = unprepared(plans, found)
    if lacking:
        from cutter.app.preparing import turns

        to_come = tuple(turns(jobs, lacking, lost(plans, found)))
        return _prepare_and_execute(session, jobs, plans, to_come, args)
    return execute(session, jobs, list(zip(plans, found, strict=True)), args, origin)


def _prepare_and_execute(
    session: WritingSession,
    jobs: Sequence[Job],
    plans: Sequence[Plan],
    to_come: Sequence[Turn],
    args: argparse.Namespace,
) -> int:
    """Give hosts a Python, look at them, and apply; a plan that was kept in a file never needs this."""
    from cutter.cli._preparing import nothing_begun, planned_anew, prepared

    result, stopped = prepared(session, to_come, args)
    if stopped:
        return nothing_begun(session, jobs, result, None, args)
    try:
        plans = planned_anew(session, jobs, plans, result, args)
        found = _refusals(session, jobs, plans, UNKEPT)
        _refuse(session, jobs, plans, found, approved=False)
    except CutterError as error:
        return nothing_begun(session, jobs, result, error, args)
    except KeyboardInterrupt:
        return nothing_begun(session, jobs, result, None, args)
    return execute(session, jobs, list(zip(plans, found, strict=True)), args, UNKEPT, before=[result])


def _refusals(
    session: WritingSession, jobs: Sequence[Job], plans: Sequence[Plan], origin: Origin
) -> list[Refusals]:
    """Return, for each runbook, the targets on which nothing may be begun; what was found first wins."""
    unmet = all_unmet(session.workspace, jobs, plans)
    halted = [session.halted([bound.target for bound in job.bound]) for job in jobs]
    before = origin.refused or [{}] * len(jobs)
    return [{**each, **left, **old} for each, left, old in zip(unmet, halted, before, strict=True)]


def _refuse(
    session: WritingSession,
    jobs: Sequence[Job],
    plans: Sequence[Plan],
    found: Sequence[Refusals],
    *,
    approved: bool,
) -> None:
    """Raise what refuses the command as a whole, before anything of it is begun."""
    for job, plan, refusals in zip(jobs, plans, found, strict=True):
        with session.refusals_recorded(new_run_id(), job):
            refuse_unapproved(job, plan, approved=approved)
            costs(job, refusals, approved=approved)
