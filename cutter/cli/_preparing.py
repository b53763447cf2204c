"""Hosts get a Python before the runbooks of a command; what is said where no runbook begins after that."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from cutter.app.applying import WritingSession
from cutter.app.interrupts import graceful_stop
from cutter.app.preparing import Turn, planned_again, prepare
from cutter.app.workspace import Job
from cutter.cli import _printing as printing
from cutter.cli._ending import after_others, not_begun
from cutter.cli._output import outlived
from cutter.engine.executor import RunResult
from cutter.errors import CutterError, Interrupted
from cutter.model.evidence import Outcome
from cutter.model.plan import Plan
from cutter.report.host_names import compact

_WORDS = {
    Outcome.CHANGED: "python3 was installed on {} and stays there",
    Outcome.SKIPPED: "not begun on {}",
    Outcome.UNKNOWN: "not known on {}: the next run looks",
}


def prepared(
    session: WritingSession, to_come: Sequence[Turn], args: argparse.Namespace
) -> tuple[RunResult, bool]:
    """Give hosts a Python, say what came of it, and tell whether to stop. Raises what `prepare` does."""
    with graceful_stop() as stop:
        result = prepare(session, to_come, stop)
        if not args.json:
            with outlived(stop.unheard):
                printing.print_result(result, args)
        return result, stop()


def planned_anew(
    session: WritingSession,
    jobs: Sequence[Job],
    plans: Sequence[Plan],
    result: RunResult,
    args: argparse.Namespace,
) -> list[Plan]:
    """Return the plans with a look at the hosts that have a Python now, and show them."""
    again = partial(planned_again, session.workspace, result=result, only=args.only, preview=args.diff)
    found = [again(job, plan) for job, plan in zip(jobs, plans, strict=True)]
    if not args.json:
        printing.print_plans(session.workspace, jobs, found, args)
    return found


def nothing_begun(
    session: WritingSession,
    jobs: Sequence[Job],
    result: RunResult,
    error: CutterError | None,
    args: argparse.Namespace,
) -> int:
    """Say why no runbook begins, by an interrupt where there is no error, and what was done before.

    Raises the error; with --json both are told in one document, and the exit code is returned.
    """
    error = after_others([result], error or _interrupted(session, jobs, result, args))
    if not args.json:
        raise error
    from cutter.report.error_text import error_body

    told = {"gaps": [], "not_begun": not_begun(jobs, error.cause), **error_body(error)}
    printing.print_runs_json(session.workspace, [result], error.exit_code, **told)
    return error.exit_code


def _interrupted(
    session: WritingSession, jobs: Sequence[Job], result: RunResult, args: argparse.Namespace
) -> Interrupted:
    came_of = [(done.target, done.evidence[0].outcome) for done in result.targets]
    found = {word: [name for name, outcome in came_of if outcome is word] for word in _WORDS}
    told = [words.format(compact(found[word])) for word, words in _WORDS.items() if found[word]]
    cause = "interrupted before a runbook was begun, while hosts were given a Python"
    world = f"{'; '.join(told) or 'no host was given one'} (run {result.run}); no runbook changed anything"
    only = [word for name in args.only for word in ("--only", name)]
    remedy = session.workspace.command_alike("apply", *only, *(job.path for job in jobs))
    return Interrupted(cause, world=world, remedy=remedy)
