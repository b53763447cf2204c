"""Show the variables of a runbook on its hosts, or explain one: who gave it a value, and whose word counts.

Weakest first: the runbook's vars, group_vars (all, then parents before children), host_vars, -e. What
cutter gives itself (inventory_dir, project_dir, runbook_dir, ...) cannot be set.
"""

from __future__ import annotations

import argparse

from cutter.app.variables import explain
from cutter.cli import _options as options
from cutter.report.variables_text import explain_text, list_text, variable_body


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument(
        "runbook", nargs="?", default="", metavar="RUNBOOK", help="without it, the inventory alone"
    )
    parser.add_argument("--explain", default="", metavar="VARIABLE", help="only this one, with every source")
    options.add_environment(parser)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """List or explain. Raises UsageError for a variable that nobody declares."""
    found = explain(options.choice(args), args.runbook, args.explain)
    if args.json:
        options.print_json({"version": 1, "variables": [variable_body(variable) for variable in found]})
    elif args.explain:
        print("\n".join(explain_text(variable, colour=options.colour(args)) for variable in found))
    else:
        print(list_text(found, colour=options.colour(args)))
    return 0
