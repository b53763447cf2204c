"""Take back what a run changed, or one cut: the inverse, newest first, each change followed by a fresh look.

WHAT is a run, by its id or the beginning of it, or a cut, as cut:ID or cut:DATABASE:ID; without it, what
could be named is listed (exit 64). Everything that would go is shown first. Refuses (exit 20), before
touching anything, when something changed since, depends on it, or cannot be taken back. What acts on a
database is proved in a transaction that is rolled back (exit 13) before it is done, and needs its kill switch
on (exit 16): for one cut the approval that made it turns it on, until the moment that it names (exit 15).
What was done under a guard is taken back under one; where nobody confirms that, it stays done (exit 11).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cutter.agent.requests import RevertRequest
from cutter.app.applying import new_run_id, writing
from cutter.app.compensating import TargetRevert
from cutter.app.interrupts import graceful_stop
from cutter.app.refusing import Refusals
from cutter.app.reverting import RevertResult, plan_revert, revert, without_moved_on
from cutter.app.reverting_databases import cuts_in
from cutter.app.reverting_names import PREFIX, CutNamed, chosen_run, nameable
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.cli._asking import confirmed
from cutter.cli._output import outlived
from cutter.engine.executor import exit_title
from cutter.errors import Interrupted, UsageError
from cutter.model.evidence import EXIT_OF_OUTCOME, Evidence, Outcome
from cutter.model.runs import RunRecord
from cutter.model.state import Change
from cutter.report.host_names import compact
from cutter.report.kept_out import KeptOut, kept_out_lines
from cutter.report.plan_text import change_words
from cutter.report.run_text import (
    failure_lines,
    fleet_failure_lines,
    manual_lines,
    outcome_line,
    reverted_line,
    targets_text,
    worst_outcome,
)

if TYPE_CHECKING:
    from cutter.cut.compensation import CompensationPlan

Cuts = Sequence[tuple[str, "CompensationPlan"]]
"""What compensating cuts would do, each beside the name of its database."""
_NEWEST = 10
_AS_BEFORE = EXIT_OF_OUTCOME[Outcome.COMPENSATED]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    help_text = "a run, or the beginning of its id; or cut:ID, or cut:DATABASE:ID"
    parser.add_argument("what", nargs="?", default="", metavar="WHAT", help=help_text)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-input", action="store_true", help="never ask: without --yes, refuse")
    options.add_environment(parser, limit=False, extra=False)
    options.add_hosts(parser)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Show, ask, and take back; 0 when everything is as it was before."""
    workspace = Workspace(options.choice(args))
    if not args.what:
        return _list(workspace, args)
    if args.what.startswith(PREFIX):
        from cutter.cli._revert_cut import run_cut

        return run_cut(workspace, args)
    return _run(workspace, args)


def _run(workspace: Workspace, args: argparse.Namespace) -> int:
    with writing(workspace) as session:
        record = chosen_run(session, args.what)
        plan = plan_revert(session, record)
        cuts = [(item.target, cut) for item in plan.reverts for cut in cuts_in(session, item)]
        if not args.json:
            printing.print_banner(workspace, args)
            _print_plan(plan.reverts, cuts, args)
        with session.refusals_of(new_run_id(), record.runbook):
            plan = without_moved_on(session, plan)
        if not plan.steps:
            return _print_nothing(args)
        if not args.json:
            _print_refused(plan.refused, args)
        if not confirmed(f"Take back {plan.steps} steps of run {record.run}?", args):
            print("nothing was changed")
            return Interrupted.exit_code
        with graceful_stop() as stop:
            result = revert(session, record, plan, stop=stop)
            with outlived(stop.unheard):
                _print_result(record, result, cuts, args)
    return result.exit_code


def _list(workspace: Workspace, args: argparse.Namespace) -> int:
    """Print what could be named, and say that something has to be: nothing is taken back by default."""
    from cutter.report.compensation_text import cut_body, cut_line
    from cutter.report.error_text import error_body

    found = nameable(workspace, newest=_NEWEST)
    ways = " or: ".join(workspace.command("revert", what) for what in ("RUN", "cut:ID"))
    told = UsageError("say what to take back", remedy=ways)
    if args.json:
        runs = [{"run": run.run, "verb": run.verb, "runbook": run.runbook} for run in found.runs]
        cuts = [cut_body(named.words, cut) for named, cut in found.cuts]
        options.print_json({**error_body(told), "runs": runs, "cuts": cuts, "silent": found.silent})
        return told.exit_code
    for run in found.runs:
        print(f"  {run.run}  {run.verb} {run.runbook}, {run.started}, {run.state}")
    for named, cut in found.cuts:
        print(cut_line(named.words, cut))
    for line in found.silent:
        print(f"  cuts of {line}")
    raise told


def _print_nothing(args: argparse.Namespace) -> int:
    if args.json:
        options.print_json({"version": 1, "run": None, "exit_code": 0, "steps": [], "manual": {}, "cuts": []})
    else:
        print("that run left nothing to take back")
    return 0


def _print_plan(reverts: Sequence[TargetRevert], cuts: Cuts, args: argparse.Namespace) -> None:
    found: dict[tuple[str, ...], list[str]] = {}
    for target in reverts:
        words = (f"{each.id}  {each.type}  {_undone(each)}{_guard(each)}" for each in target.requests)
        found.setdefault(tuple(words), []).append(target.target)
    for steps, names in found.items():
        each = f" ({len(names)} targets, the same on each)" if len(names) > 1 else ""
        number = f"{len(steps)} step{'' if len(steps) == 1 else 's'}"
        print(f"would take back {number} on {compact(names)}{each}, newest first:")
        for line in steps:
            print(f"    {line}")
    if cuts:
        from cutter.report.compensation_text import compensation_lines

        for database, plan in cuts:
            name = CutNamed(database, plan.cut.cut_id).words
            print("\n".join(compensation_lines(name, plan, colour=options.colour(args))))
    sys.stdout.flush()


def _undone(step: RevertRequest) -> str:
    return change_words(Change(step.expected, step.goal))


def _guard(step: RevertRequest) -> str:
    return f"; guarded: confirmed within {step.confirm} s, or put back" if step.confirm else ""


def _print_refused(refused: Refusals, args: argparse.Namespace) -> None:
    told = [KeptOut(name, why.cause, why.remedy) for name, why in refused.items()]
    for line in kept_out_lines(told, colour=options.colour(args)):
        print(line)
    sys.stdout.flush()


def _print_result(record: RunRecord, result: RevertResult, cuts: Cuts, args: argparse.Namespace) -> None:
    if args.json:
        from cutter.report.compensation_text import compensation_body
        from cutter.report.error_text import error_body

        told = [{"target": target, **evidence.body()} for target, evidence in result.evidence]
        body = {"version": 1, "run": result.run, "exit_code": result.exit_code, "steps": told}
        plans = [compensation_body(CutNamed(name, plan.cut.cut_id).words, plan) for name, plan in cuts]
        refused = {name: error_body(why)["error"] for name, why in result.refused.items()}
        told_of = {"manual": result.manual, "cuts": plans, **({"refused": refused} if refused else {})}
        told_of["in_place"] = list(result.in_place)
        options.print_json({**body, **told_of})
        return
    paint = options.colour(args)
    for line in _outcome_lines(result, colour=paint):
        print(line)
    for target, manual in result.manual.items():
        for line in manual_lines(target, manual, halted=target in result.halted, many=len(result.manual) > 1):
            print(line)
    _print_refused(result.refused, args)
    print_verdict(result, record.run, record.runbook, args)


def print_verdict(result: RevertResult, run: str, runbook: str, args: argparse.Namespace) -> None:
    """Print the one line that says how it ended to take back a run."""
    code, in_place, of = result.exit_code, result.in_place, f"run {run}"
    ended = f"exit {code}: {exit_title(code)}" if code else ""
    if code == _AS_BEFORE:  # the title speaks of the revert, and would be read as of the run that it is of
        how = "was itself taken back" if result.was_taken_back else "failed and changed nothing"
        still = f"{how} on {compact(in_place)}, where what {of} changed is still in place"
        ended = f"exit {code}: the revert {still if in_place else 'failed'}"
    left = [name for name in result.left if code != _AS_BEFORE or name not in in_place]
    about = (runbook, result.run, result.counts, ended)
    print(reverted_line(*about, of=of, left=left, colour=options.colour(args)))


def _outcome_lines(result: RevertResult, *, colour: bool) -> Iterator[str]:
    """Yield what was taken back, and what was not; of several targets only that, and counts."""
    by_target: dict[str, list[Evidence]] = {}
    for target, evidence in result.evidence:
        by_target.setdefault(target, []).append(evidence)
    left = {
        name: [item for item in found if item.outcome is not Outcome.COMPENSATED]
        for name, found in by_target.items()
    }
    if len(by_target) > 1:
        yield from fleet_failure_lines(left.items(), colour=colour)
        yield f"targets: {targets_text(map(worst_outcome, by_target.values()))}"
        return
    for name, found in by_target.items():
        back = (item for item in found if item.outcome is Outcome.COMPENSATED)
        yield from (outcome_line(name, item, colour=colour) for item in back)
        for item in left[name]:
            yield from failure_lines(name, [item], colour=colour)
