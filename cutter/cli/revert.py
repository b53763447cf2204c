"""Take back what a run changed: the inverse changes, newest first, each followed by a fresh look.

Refuses (exit 20), before touching anything, when something changed since the run, or when the run did
something that cannot be taken back.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cutter.app.applying import writing
from cutter.app.compensating import TargetRevert
from cutter.app.interrupts import graceful_stop
from cutter.app.reverting import RevertResult, chosen_run, plan_revert, revert
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.cli._output import outlived
from cutter.engine.executor import exit_title
from cutter.errors import Interrupted
from cutter.model.evidence import Outcome
from cutter.model.state import Change
from cutter.report.plan_text import change_words
from cutter.report.run_text import failure_lines, manual_lines, outcome_line, verdict_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("run", metavar="RUN", help="the run to take back, or the beginning of its id")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-input", action="store_true", help="never ask: without --yes, refuse")
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Show, ask, and take back; 0 when everything is as it was before the run."""
    workspace = Workspace(options.choice(args))
    with writing(workspace) as session:
        record = chosen_run(session, args.run)
        reverts = plan_revert(session, record)
        if not args.json:
            printing.print_banner(workspace, args)
            _print_plan(reverts)
        steps = sum(len(item.requests) for item in reverts)
        if not steps:
            return _print_nothing(args)
        if not options.confirmed(f"Take back {steps} steps of run {record.run}?", args):
            print("nothing was changed")
            return Interrupted.exit_code
        with graceful_stop() as stop:
            result = revert(session, record, reverts, stop=stop)
        with outlived(stop.unheard):
            _print_result(record.runbook, result, args)
    return result.exit_code


def _print_nothing(args: argparse.Namespace) -> int:
    if args.json:
        options.print_json({"version": 1, "run": None, "exit_code": 0, "steps": []})
    else:
        print("that run left nothing to take back")
    return 0


def _print_plan(reverts: Sequence[TargetRevert]) -> None:
    for target in reverts:
        print(f"would take back {len(target.requests)} steps on {target.target}, newest first:")
        for step in target.requests:
            print(f"    {step.id}  {step.type}  {change_words(Change(step.expected, step.goal))}")


def _print_result(runbook: str, result: RevertResult, args: argparse.Namespace) -> None:
    if args.json:
        told = [{"target": target, **evidence.body()} for target, evidence in result.evidence]
        body = {"version": 1, "run": result.run, "exit_code": result.exit_code, "steps": told}
        options.print_json({**body, "manual": result.manual})
        return
    paint = options.colour(args)
    for target, evidence in result.evidence:
        if evidence.outcome is Outcome.COMPENSATED:
            print(outcome_line(target, evidence, colour=paint))
    for target, evidence in result.evidence:
        if evidence.outcome is not Outcome.COMPENSATED:
            print("\n".join(failure_lines(target, [evidence], colour=paint)))
    for target, manual in result.manual.items():
        for line in manual_lines(target, manual, halted=target in result.halted):
            print(line)
    code = result.exit_code
    print(verdict_line(runbook, result.run, result.counts, code, exit_title(code), colour=paint))
