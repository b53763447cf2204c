"""Say that a person has put right what a failed compensation left behind, so that runs may go on.

A target is halted when a run failed and its changes could not be taken back. `cutter resolve` without a run
lists the halts; with a run and a reason it records that the halt is over. Nothing on the target is touched.
"""

from __future__ import annotations

import argparse

from cutter.app.applying import writing
from cutter.app.compensating import Halt, halts
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("run", nargs="?", default="", metavar="RUN", help="the run that left the halt")
    parser.add_argument(
        "--reason", default="", metavar="TEXT", help="what was found and done, for the record"
    )
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """List the halts, or resolve one. Raises UsageError for a run that left none, or without a reason."""
    workspace = Workspace(options.choice(args))
    if not args.run:
        with workspace.read_ledger() as ledger:
            return _list(halts(ledger), args)
    if not args.reason.strip():
        raise UsageError("say what was found and done", remedy=f"cutter resolve {args.run} --reason TEXT")
    with writing(workspace) as session:
        found = [halt for halt in halts(session.ledger) if halt.run.startswith(args.run)]
        if len({halt.run for halt in found}) != 1:
            raise UsageError(f"no single halt is left by a run {args.run!r}", remedy="cutter resolve")
        body = {"resolves": found[0].run, "reason": args.reason, "environment": workspace.environment.name}
        session.ledger.append([("resolve", body)])
    if args.json:
        options.print_json({"version": 1, "resolved": found[0].run})
    else:
        print(f"resolved: runs on {', '.join(halt.target for halt in found)} may go on")
    return 0


def _list(found: list[Halt], args: argparse.Namespace) -> int:
    if args.json:
        told = [{"run": halt.run, "target": halt.target, "manual": list(halt.manual)} for halt in found]
        options.print_json({"version": 1, "halts": told})
        return 0
    for halt in found:
        print(f"{halt.target} is halted by run {halt.run}; left to do by hand:")
        print("\n".join(f"  {line}" for line in halt.manual))
    if not found:
        print("no target is halted")
    return 0
