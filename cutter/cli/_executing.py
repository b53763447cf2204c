"""The runbooks of one command, one after the other, and what is said at its end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from cutter.app.applying import Origin, WritingSession
from cutter.app.interrupts import Requests, graceful_stop
from cutter.app.refusing import Refusals, pending_beside
from cutter.app.workspace import Job
from cutter.cli import _printing as printing
from cutter.cli._ending import End, after_others
from cutter.cli._output import outlived
from cutter.cli._watching import watched
from cutter.engine.executor import RunResult, TargetResult
from cutter.errors import CutterError, StepFailed
from cutter.model.evidence import Outcome
from cutter.model.plan import Plan

if TYPE_CHECKING:
    from cutter.cli._movement import Movement


def execute(
    session: WritingSession,
    jobs: Sequence[Job],
    plans: Sequence[tuple[Plan, Refusals]],
    args: argparse.Namespace,
    origin: Origin,
    *,
    before: Sequence[RunResult] = (),
) -> int:
    """Apply runbooks, each when the one before has succeeded everywhere, and return the code that wins.

    Which were not begun is said at the end. Raises what `session.apply` does, once that is said; with
    --json what was done before is told together with the complaint.
    """
    pending = any(pending_beside(plan, refused) for plan, refused in plans)
    movement = _movement(session, args) if pending else None
    if not pending:
        session.workspace.let_hosts_go(jobs)  # they end while that is recorded
    results, waiting = list(before), list(jobs)
    error: CutterError | None = None
    with graceful_stop() as stop:
        for plan, refused in plans:
            try:
                job = waiting.pop(0)
                apply = partial(session.apply, job, plan, stop=stop, origin=origin, refused=refused)
                result = _applied(session, apply, plan, stop, args)
            except CutterError as raised:
                error = after_others(results, raised)
                break
            results.append(result)
            if result.exit_code:
                break
        end = End(results, jobs[len(jobs) - len(waiting) - 1], waiting, error)
        with outlived(stop.unheard):
            _tell_end(session, end, movement, args, again=not origin.plan_file)
    if error is not None and not (args.json and end.more):
        raise error
    return end.code


def _applied(
    session: WritingSession,
    apply: Callable[..., RunResult],
    plan: Plan,
    stop: Requests,
    args: argparse.Namespace,
) -> RunResult:
    tell = partial(printing.print_outcome, args)
    with watched(session.workspace, plan, args, stop, tell) as watch:
        result = apply(watch=watch)
    if not args.json:
        with outlived(stop.unheard):
            printing.print_result(result, args)
        _print_way_back(session, result)
    return result


def _tell_end(
    session: WritingSession, end: End, movement: Movement | None, args: argparse.Namespace, *, again: bool
) -> None:
    moved = _moved(movement, well=end.code == 0) if movement and end.results else []
    if args.json and (end.error is None or end.more):
        printing.print_runs_json(session.workspace, end.results, end.code, gaps=moved, **end.body())
    elif not args.json:
        for line in end.lines():
            print(line)
        if again and end.waiting:
            words = [word for name in args.only for word in ("--only", name)]
            command = session.workspace.command_alike("apply", *words, *end.paths())
            print(f"next: when {end.last.runbook.name} can succeed: {command}")


def _moved(movement: Movement, *, well: bool) -> list[dict[str, Any]]:
    """Tell which gaps moved; whatever goes wrong here, the run is over and its exit code stands."""
    try:
        return movement.tell(well=well)
    except CutterError as error:
        print(f"cutter: which gaps moved cannot be told: {error.cause}", file=sys.stderr)
        return []


def _print_way_back(session: WritingSession, result: RunResult) -> None:
    """Say what can be typed after a failure that left changes behind."""
    if result.exit_code == StepFailed.exit_code:
        command = session.workspace.command
        print(f"next: {command('runs', 'show', result.run)}; {_way_back(command, result)}")


def _way_back(command: Callable[..., str], result: RunResult) -> str:
    from cutter.app.compensating import beyond_a_look
    from cutter.report.host_names import compact

    if any(target.manual for target in result.targets):  # nothing runs there before
        return f"once it was done by hand: {command('resolve', result.run, '--reason', 'TEXT')}"
    unknown = [target.target for target in result.targets if _is_unknown(target)]
    beyond = [target.target for target in result.targets if beyond_a_look(target.evidence)]
    kept = [target.target for target in result.targets if target.target in {*unknown, *beyond}]
    if kept and all(target.target in kept for target in result.targets if target.changed):
        return "apply it again: it looks, and goes on" if unknown else "then put back by hand what it left"
    exception = f", but on {compact(kept)}" if kept else ""
    return f"{command('revert', result.run)} takes it back{exception}"


def _is_unknown(target: TargetResult) -> bool:
    return any(item.outcome is Outcome.UNKNOWN for item in target.evidence)


def _movement(session: WritingSession, args: argparse.Namespace) -> Movement:
    from cutter.cli._movement import Movement

    return Movement(session, args)
