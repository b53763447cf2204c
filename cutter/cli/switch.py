"""Say for which run the kill switch of a database is on, or turn it off: anyone may, with any login of ours.

`cutter switch status` looks at every database of the environment; `cutter switch off [RUN]` turns it off for
one run or for all, at once: what that run has under way fails at its next statement (exit 16). Nothing but
an approved run turns it on, so there is no `switch on`. `cutter switch account RUN` prints the account of a
run that one person approved alone; who may approve closes its gap by signing that, in an `approval` step.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from cutter.app.breaking_glass import glasses
from cutter.app.switching import Switch, statuses, switch_off
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.errors import Unavailable, UsageError

_NO_ON = (
    "there is no `switch on`: a switch that a person can turn on by hand guards nothing; it goes on for a "
    "run of an approved request, between the steps that its runbook names"
)
_WORDS = ("status", "off", "account")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("word", metavar="WORD", help=" or ".join(_WORDS))
    help_text = "off: for this run alone; account: of this run"
    parser.add_argument("run", nargs="?", default="", metavar="RUN", help=help_text)
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Look, or turn off; 0 also where it was off already, 69 where nobody can say."""
    if args.word == "on":
        raise UsageError(_NO_ON, remedy="cutter request FILE.plan --key FINGERPRINT")
    if args.word not in _WORDS:
        raise UsageError(
            f"there is no `switch {args.word}`", remedy="cutter switch status; cutter switch off"
        )
    if args.word == "status" and args.run:
        raise UsageError("status shows every run", remedy="cutter switch status")
    workspace = Workspace(options.choice(args))
    if args.word == "status":
        return _status(statuses(workspace), args)
    if args.word == "account":
        return _account(workspace, args.run)
    return _off(switch_off(workspace, args.run), args)


def _account(workspace: Workspace, name: str) -> int:
    with workspace.read_ledger() as ledger:
        found = {glass.run: glass for glass in glasses(ledger, workspace.environment.name)}
    if name not in found:
        known = ", ".join(found) or "none"
        raise UsageError(f"no run {name!r} was approved by one person alone", remedy=f"such runs: {known}")
    print(found[name].account, end="")
    return 0


def _status(found: Sequence[Switch], args: argparse.Namespace) -> int:
    if args.json:
        options.print_json({"version": 1, "databases": [switch.body() for switch in found]})
        return _code(found)
    for switch in found:
        for line in _lines(switch):
            print(line)
    if not found:
        print("no database is declared here, so there is no kill switch")
    return _code(found)


def _code(found: Sequence[Switch]) -> int:
    return Unavailable.exit_code if any(switch.trouble for switch in found) else 0


def _lines(switch: Switch) -> list[str]:
    if switch.trouble:
        return [f"{switch.database}: nobody can say: {switch.trouble}"]
    told = [
        f"{switch.database}: ON for run {turn.run}{turn.alone} until {turn.until}, since {turn.since}, "
        f"by {turn.by}"
        for turn in switch.turns
    ]
    return told or [f"{switch.database}: off"]


def _off(found: Sequence[tuple[str, tuple[str, ...]]], args: argparse.Namespace) -> int:
    if args.json:
        body: list[dict[str, Any]] = [{"database": name, "runs": list(runs)} for name, runs in found]
        options.print_json({"version": 1, "turned_off": body})
        return 0
    for name, runs in found:
        print(f"{name}: " + (f"turned off for run {', '.join(runs)}" if runs else "was off already"))
    return 0
