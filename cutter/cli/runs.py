"""List the runs of an environment, newest first, or show one: what it did to each step.

`cutter runs` lists; `cutter runs show RUN` shows one run, by its id or the beginning of it. What runs have
left owed, such as the restart of a service whose configuration changed, stands at the end, and so does what
waits to be confirmed or could not be taken back: here by looking, elsewhere as far as the ledger knows.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from cutter.app.owing import reminders
from cutter.app.settling import history
from cutter.app.unconfirmed import unconfirmed
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.errors import UsageError
from cutter.model.obligations import Obligation
from cutter.model.runs import RunRecord
from cutter.model.unconfirmed import Unconfirmed


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument(
        "action", nargs="?", default="list", choices=["list", "show"], help="list (default) or show"
    )
    parser.add_argument(
        "run", nargs="?", default="", metavar="RUN", help="the run to show, or the beginning of its id"
    )
    parser.add_argument(
        "-n", "--number", type=_positive, default=20, metavar="N", help="how many to list (default 20)"
    )
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def run(args: argparse.Namespace) -> int:
    """List or show. Raises UsageError for a run that is not there."""
    workspace = Workspace(options.choice(args))
    with workspace.read_ledger() as ledger:
        runs, owed = history(ledger), reminders(ledger, workspace.environment)
    left = unconfirmed(workspace, runs)
    if args.action == "show":
        chosen = _chosen(runs, args.run, workspace)
        return _show(chosen, owed, [each for each in left if each.run == chosen.run], workspace, args)
    newest = list(reversed(runs.values()))[: args.number]
    if args.json:
        told = {"runs": [_summary(item) for item in newest], "owed": _owed_bodies(owed, workspace)}
        told["unconfirmed"] = [each.body() for each in left]
        options.print_json({"version": 1, **told})
        return 0
    from cutter.report.runs_terminal import print_runs

    printing.print_banner(workspace, args)
    print_runs(newest, _resolvable(owed, workspace), left, colour=options.colour(args))
    return 0


def _chosen(runs: Mapping[str, RunRecord], wanted: str, workspace: Workspace) -> RunRecord:
    found = [record for name, record in runs.items() if wanted and name.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    cause = f"{len(found)} runs begin with {wanted!r}" if wanted else "say which run to show"
    raise UsageError(cause, remedy=f"`{workspace.command('runs')}` lists them")


def _show(
    record: RunRecord,
    all_owed: Sequence[Obligation],
    left: Sequence[Unconfirmed],
    workspace: Workspace,
    args: argparse.Namespace,
) -> int:
    owed = [each for each in all_owed if each.run == record.run]
    if args.json:
        unknown = [{"target": target, "step": step["step"]} for target, step in record.unknown()]
        told = {"steps": record.evidence, "unknown": unknown, "left_out": record.left_out}
        told["owed"] = _owed_bodies(owed, workspace)
        told["unconfirmed"] = [each.body() for each in left]
        options.print_json({**_summary(record), "version": 1, **told})
        return 0
    from cutter.report.runs_terminal import run_text

    printing.print_banner(workspace, args)
    print(run_text(record, _resolvable(owed, workspace), left, colour=options.colour(args)))
    return 0


def _resolvable(owed: Sequence[Obligation], workspace: Workspace) -> list[tuple[Obligation, str]]:
    """Return what is owed, each with the command by which a person ends it where nobody is to do it."""
    words = ([each.run, "--owed", quote(each.duty), "--target", quote(each.target)] for each in owed)
    commands = (workspace.command("resolve", *each, "--reason", "TEXT") for each in words)
    return list(zip(owed, commands, strict=True))


def _owed_bodies(owed: Sequence[Obligation], workspace: Workspace) -> list[dict[str, Any]]:
    return [{**each.body(), "resolve": command} for each, command in _resolvable(owed, workspace)]


def _summary(record: RunRecord) -> dict[str, Any]:
    names = (
        "run",
        "verb",
        "runbook",
        "started",
        "ended",
        "actor",
        "exit_code",
        "state",
        "outcomes",
        "runbook_digest",
        "matrix_digest",
    )
    return {name: getattr(record, name) for name in names}
