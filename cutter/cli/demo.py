"""Show everything once: from an empty folder to a matrix whose gaps are all closed, and back again.

The commands are those an operator types, each printed before it is run: keys, a ruling, backups, rehearsals,
a plan that two people sign, the first production run, and the revert of its cut. All of it is in FOLDER (a
new temporary one where none is named), which stays for looking around; the database server is one of its own
and is gone at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile

from cutter.app.demo import Demonstration
from cutter.cli import _options as options


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    help_text = "an empty folder, or one to be made (default: a new temporary one)"
    parser.add_argument("folder", nargs="?", default="", metavar="FOLDER", help=help_text)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Play it; 0 when every command ended as it should. Raises UsageError for a folder that is not empty."""
    folder = args.folder or tempfile.mkdtemp(prefix="cutter-demo-", dir="/tmp")
    stream = sys.stderr if args.json else sys.stdout
    demonstration = Demonstration(folder, lambda line: print(line, file=stream, flush=True))
    demonstration.play()
    if args.json:
        commands = [{"command": each.command, "exit_code": each.code} for each in demonstration.typed]
        options.print_json({"version": 1, "folder": demonstration.folder, "commands": commands})
    else:
        _tell_what_is_left(demonstration.folder)
    return 0


def _tell_what_is_left(folder: str) -> None:
    print(f"""
== What to look at, in {folder}
  first.request                 what the two people signed; their signatures stand beside it
  sandbox/cutter/backups        the backups, encrypted, each with its manifest
  sandbox/ledger                every entry: cutter ledger verify, cutter runs
  cutter gaps show F1           the evidence behind a row
  cd {folder} && CUTTER_INVENTORY=inventory/sandbox cutter gaps""")
