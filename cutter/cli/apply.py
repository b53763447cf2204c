"""Apply runbooks: plan, show, ask, apply each step, look again, record evidence.

Several runbooks are applied in the order given; each one's preflight is judged when its turn comes. With
--check nothing is applied: it is `cutter plan`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from cutter.app.applying import WritingSession, new_run_id, writing
from cutter.app.interrupts import Requests, graceful_stop
from cutter.app.planning import earlier_work, is_plan, plan_job, refuse_unmet
from cutter.app.workspace import Job, Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.cli._output import outlived
from cutter.engine.executor import RunResult
from cutter.errors import CutterError, Interrupted, StepFailed, UsageError
from cutter.model.evidence import Evidence, worst_exit
from cutter.model.plan import Plan, PlannedStep

if TYPE_CHECKING:
    from cutter.cli._movement import Movement


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_runbooks(parser)
    options.add_environment(parser)
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
        return _apply_file(args)
    workspace = Workspace(options.choice(args))
    jobs = workspace.jobs(args.runbooks)
    with writing(workspace, wait_seconds=args.lock_timeout) as session:
        jobs = list(session.rebound(jobs))
        plans = [plan_job(workspace, job, only=args.only, preview=args.diff) for job in jobs]
        return _apply_all(session, jobs, plans, args)


def _apply_file(args: argparse.Namespace) -> int:
    """Apply a plan that was kept in a file: exactly it, or nothing."""
    from cutter.app import planfile

    if len(args.runbooks) > 1 or args.only or args.var or args.limit:
        cause = "a plan file is applied alone, as it was chosen when it was made"
        raise UsageError(cause, remedy=f"cutter apply {args.runbooks[0]}")
    kept = planfile.read_plan(args.runbooks[0])
    workspace = Workspace(kept.choice._replace(inventory=args.inventory or kept.choice.inventory))
    planfile.refuse_other_environment(workspace, kept)
    jobs = workspace.jobs(kept.paths)
    with writing(workspace, wait_seconds=args.lock_timeout) as session:
        jobs = list(session.rebound(jobs))
        with session.refusals_recorded(new_run_id(), jobs[0]):
            planfile.refuse_used(session.ledger, kept)
            planfile.refuse_other_world(workspace, kept, jobs)
            planfile.refuse_drift(workspace, kept, jobs)
        return _apply_all(session, jobs, kept.plans, args, plan_file=kept.digest)


def _apply_all(
    session: WritingSession,
    jobs: Sequence[Job],
    plans: Sequence[Plan],
    args: argparse.Namespace,
    plan_file: str = "",
) -> int:
    pending = sum(plan.pending for plan in plans)
    if not args.json:
        printing.print_banner(session.workspace, args)
        if pending:
            printing.print_plans(jobs, plans, args)
    _refuse(session, jobs, plans)
    if pending and not options.confirmed(f"Apply {pending} steps?", args):
        print("nothing was changed")
        return Interrupted.exit_code
    return _execute(session, jobs, plans, args, plan_file)


def _refuse(session: WritingSession, jobs: Sequence[Job], plans: Sequence[Plan]) -> None:
    for index, (job, plan) in enumerate(zip(jobs, plans, strict=True)):
        later = bool(earlier_work(jobs, plans, index))
        with session.refusals_recorded(new_run_id(), job):
            session.refuse_halted([bound.target for bound in job.bound])
            refuse_unmet(session.workspace, job, plan, preflight_later=later)


def _execute(
    session: WritingSession,
    jobs: Sequence[Job],
    plans: Sequence[Plan],
    args: argparse.Namespace,
    plan_file: str,
) -> int:
    movement = _movement(session, args) if any(plan.pending for plan in plans) else None
    results: list[RunResult] = []
    with graceful_stop() as stop:
        for job, plan in zip(jobs, plans, strict=True):
            watch = partial(_watch, stop, args)
            result = session.apply(job, plan, stop=stop, watch=watch, plan_file=plan_file)
            results.append(result)
            if not args.json:
                with outlived(stop.unheard):
                    printing.print_result(result, args)
                _print_way_back(session, result)
            if result.exit_code:
                break
        code = worst_exit(result.exit_code for result in results)
        with outlived(stop.unheard):
            _tell_end(session, results, code, movement, args)
    return code


def _watch(
    stop: Requests, args: argparse.Namespace, target: str, step: PlannedStep, evidence: Evidence
) -> None:
    with outlived(stop.unheard):
        printing.print_outcome(args, target, step, evidence)


def _tell_end(
    session: WritingSession,
    results: Sequence[RunResult],
    code: int,
    movement: Movement | None,
    args: argparse.Namespace,
) -> None:
    moved = _moved(movement) if movement else []
    if args.json:
        printing.print_runs_json(session.workspace, results, code, gaps=moved)


def _moved(movement: Movement) -> list[dict[str, Any]]:
    """Tell which gaps moved; whatever goes wrong here, the run is over and its exit code stands."""
    try:
        return movement.tell()
    except CutterError as error:
        print(f"cutter: which gaps moved cannot be told: {error.cause}", file=sys.stderr)
        return []


def _print_way_back(session: WritingSession, result: RunResult) -> None:
    """Say what can be typed after a failure that left changes behind."""
    if result.exit_code == StepFailed.exit_code:
        command = session.workspace.command
        print(f"next: {command('runs', 'show', result.run)}; {command('revert', result.run)} takes it back")


def _movement(session: WritingSession, args: argparse.Namespace) -> Movement:
    from cutter.cli._movement import Movement

    return Movement(session, args)
