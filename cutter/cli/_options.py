"""The words that several verbs share, and what they choose."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from cutter.app.workspace import PARALLEL, Choice
from cutter.cli._asking import become_password
from cutter.errors import UsageError
from cutter.report.style import wants_colour

_DIGITS = 40


def add_environment(parser: argparse.ArgumentParser, *, limit: bool = True, extra: bool = True) -> None:
    """Add -i, and where it makes sense --limit and -e."""
    where = "inventory folder (else CUTTER_INVENTORY, else inventory/local)"
    parser.add_argument("-i", "--inventory", default="", metavar="FOLDER", help=where)
    if limit:
        help_text = (
            "only these hosts and groups, joined by commas: names, patterns as web*, !NAME for all but"
        )
        parser.add_argument("-l", "--limit", type=_limit, metavar="HOSTS", help=help_text)
    if extra:
        help_text = "a variable, over every other source; never a secret; @FILE reads a YAML file"
        parser.add_argument("-e", "--var", action="append", default=[], metavar="NAME=VALUE", help=help_text)


def _limit(said: str) -> str:
    """Refuse a limit of no word: from a script with an unset variable it would let in every host."""
    if not said.strip():
        raise argparse.ArgumentTypeError("it names no host; leave --limit away for all hosts")
    return said


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the words about output that every verb knows."""
    parser.add_argument("--json", action="store_true", help="the result as JSON on standard output")
    parser.add_argument("--no-color", action="store_true", help="no colour (NO_COLOR says the same)")
    parser.add_argument("--debug", action="store_true", help="on an error, show where in cutter it arose")


def add_hosts(parser: argparse.ArgumentParser) -> None:
    """Add how hosts are worked on."""
    help_text = f"so many hosts at once (default {PARALLEL})"
    parser.add_argument("--parallel", type=_positive, default=PARALLEL, metavar="N", help=help_text)
    help_text = "ask once, on the terminal, for the password of sudo on the hosts"
    parser.add_argument("--ask-become-pass", action="store_true", help=help_text)


def _positive(said: str) -> int:
    if not (said.isascii() and said.isdigit() and int(said[:9])):
        raise argparse.ArgumentTypeError(f"{said!r} is not a number of hosts")
    return int(said[:9])


def add_runbooks(parser: argparse.ArgumentParser) -> None:
    """Add the runbooks to act on, and --only."""
    parser.add_argument("runbooks", nargs="+", metavar="RUNBOOK", help="runbook files, in order")
    help_text = "only this step (repeat for more); what it depends on must hold already"
    parser.add_argument("--only", action="append", default=[], metavar="STEP", help=help_text)


def add_lock_timeout(parser: argparse.ArgumentParser) -> None:
    """Add how long to wait for the lock."""
    help_text = "wait this long for another run to end (default 0: refuse at once)"
    parser.add_argument("--lock-timeout", type=float, default=0, metavar="SECONDS", help=help_text)


def add_recorded_run(parser: argparse.ArgumentParser) -> None:
    """Add the words of a verb that runs runbooks and writes to nothing but the ledger."""
    add_runbooks(parser)
    add_environment(parser)
    add_hosts(parser)
    add_lock_timeout(parser)
    add_output(parser)


def add_key(parser: argparse.ArgumentParser, whose: str) -> None:
    """Add --key."""
    help_text = f"all 40 digits of {whose} primary key's fingerprint, as authority.yml pins it"
    parser.add_argument("--key", required=True, metavar="FINGERPRINT", help=help_text)


def key_of(args: argparse.Namespace) -> str:
    """Return the fingerprint that --key gives, in one form. Raises UsageError for what is none."""
    key = str(args.key).replace(" ", "").upper().removeprefix("0X")
    if len(key) != _DIGITS or not set(key) <= set("0123456789ABCDEF"):
        raise UsageError(f"--key {args.key} is no full fingerprint", remedy="gpg --list-keys --fingerprint")
    return key


def choice(args: argparse.Namespace) -> Choice:
    """Return what the words choose: environment, hosts and variables."""
    limit, extra = getattr(args, "limit", None) or "", tuple(getattr(args, "var", ()))
    parallel = getattr(args, "parallel", PARALLEL)
    return Choice(args.inventory, limit, extra, parallel, become_password(args))


def colour(args: argparse.Namespace) -> bool:
    """Tell whether results are coloured."""
    return wants_colour(sys.stdout, refused=args.no_color)


def print_json(body: Any) -> None:
    """Print a result for programs: one line, keys sorted."""
    import json

    print(json.dumps(body, sort_keys=True))
