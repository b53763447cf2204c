"""End by a person's word, with a reason, what a run left: a halt of a target, or what is owed there.

A target is halted when a run failed and its changes could not be taken back; with a run and a reason it is
recorded that the halt is over. With --owed it is recorded that what `cutter runs` says is owed, such as
'restart of web.service', is not to be done any more: for a unit that no runbook declares, or a machine that
is gone. Without a run, the halts are listed. Nothing on the target is touched.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from shlex import quote

from cutter.app.applying import WritingSession, writing
from cutter.app.compensating import Halt, halts
from cutter.app.owing import obligations
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("run", nargs="?", default="", metavar="RUN", help="the run that left it")
    parser.add_argument(
        "--reason", default="", metavar="TEXT", help="what was found and done, for the record"
    )
    help_text = "end not a halt but what is owed, in the words of `cutter runs`"
    parser.add_argument("--owed", default="", metavar="WORDS", help=help_text)
    help_text = "with --owed: on this target; not needed where it is owed on one"
    parser.add_argument("--target", default="", metavar="NAME", help=help_text)
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """List the halts, or end one, or what is owed. Raises UsageError where not one is meant."""
    workspace = Workspace(options.choice(args))
    if args.target and not args.owed:
        raise UsageError("--target says where something is --owed", remedy="cutter resolve --help")
    if not args.run and args.owed:
        raise UsageError("say which run has left it", remedy=workspace.command("runs"))
    if not args.run:
        with workspace.read_ledger() as ledger:
            return _list(halts(ledger), args)
    if not args.reason.strip():
        raise UsageError("say what was found and done", remedy=_with_a_reason(workspace, args))
    with writing(workspace) as session:
        return _end_owed(session, args) if args.owed else _end_halt(session, args)


def _with_a_reason(workspace: Workspace, args: argparse.Namespace) -> str:
    """Return the same command as it should have been typed."""
    owed = ["--owed", quote(args.owed)] if args.owed else []
    target = ["--target", quote(args.target)] if args.target else []
    return workspace.command("resolve", quote(args.run), *owed, *target, "--reason TEXT")


def _end_halt(session: WritingSession, args: argparse.Namespace) -> int:
    found = [halt for halt in halts(session.ledger) if halt.run.startswith(args.run)]
    if len({halt.run for halt in found}) != 1:
        cause = f"no single halt is left by a run {args.run!r}"
        raise UsageError(cause, remedy=session.workspace.command("resolve"))
    _record(session, {"resolves": found[0].run, "reason": args.reason})
    if args.json:
        options.print_json({"version": 1, "resolved": found[0].run})
    else:
        print(f"resolved: runs on {', '.join(halt.target for halt in found)} may go on")
    return 0


def _end_owed(session: WritingSession, args: argparse.Namespace) -> int:
    found = [
        each
        for each in obligations(session.ledger)
        if (each.run.startswith(args.run), each.duty) == (True, args.owed)
        and args.target in ("", each.target)
    ]
    if len(found) != 1:
        where = f" on {args.target}" if args.target else ""
        cause = f"{len(found)} times a run {args.run!r} has left {args.owed!r} owed{where}, and one is to end"
        raise UsageError(cause, remedy=f"{session.workspace.command('runs')} tells what is owed, and where")
    (owed,) = found
    about = {"owed": owed.duty, "target": owed.target}
    _record(session, {"resolves": owed.run, "reason": args.reason, **about})
    if args.json:
        options.print_json({"version": 1, "resolved": owed.run, **about})
    else:
        print(f"resolved: the {owed.duty} on {owed.target} is not owed any more")
    return 0


def _record(session: WritingSession, body: Mapping[str, str]) -> None:
    session.ledger.append([("resolve", {**body, "environment": session.workspace.environment.name})])


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
