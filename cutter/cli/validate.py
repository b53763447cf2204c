"""Judge runbooks, inventories and the matrix without contacting anything; all problems of all files at once.

Without a file: runbooks/*.yml, the matrix among them, and every inventory/*/. Each runbook is also
bound to its hosts in an inventory, where there is one, so that a variable nobody declares is found.
"""

from __future__ import annotations

import argparse
import os

from cutter.app.documents import validate
from cutter.app.workspace import DEFAULT_INVENTORY
from cutter.cli import _options as options


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    help_text = "files, or inventory folders; without any, all of the project"
    parser.add_argument("files", nargs="*", metavar="RUNBOOK", help=help_text)
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Judge, and return 0. Raises InvalidDocuments (65) with every problem, by place."""
    usual = DEFAULT_INVENTORY if os.path.isdir(DEFAULT_INVENTORY) else ""
    files = validate(args.files, args.inventory or os.environ.get("CUTTER_INVENTORY") or usual)
    if args.json:
        options.print_json({"version": 1, "valid": files})
    else:
        print(f"{len(files)} file{'' if len(files) == 1 else 's'} valid")
    return 0
