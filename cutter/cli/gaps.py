"""Show the gap closure matrix, computed from evidence: OPEN, PARTIAL or CLOSED, and the next action.

`cutter gaps` prints the matrix; `cutter gaps show GAP5` prints the objectives of one gap and the evidence
behind each. Nobody can close a gap by hand: there is no such verb, flag or key.
"""

from __future__ import annotations

import argparse
import sys

from cutter.app.gaps import matrix_status
from cutter.app.publishing import publish
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.errors import UsageError
from cutter.model.gaps import GapStatus, MatrixStatus


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument(
        "action", nargs="?", default="list", choices=["list", "show"], help="list (default) or show"
    )
    parser.add_argument("gap", nargs="?", default="", metavar="GAP", help="the gap to show, such as GAP5")
    forms = ["text", "md", "json"]
    parser.add_argument("--format", choices=forms, default="text", help="text, md (the report) or json")
    parser.add_argument(
        "--write", default="", metavar="FILE", help="also keep the Markdown report in this file"
    )
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Compute and print. Raises InvalidDocument for a bad matrix, UsageError for a gap it does not have."""
    workspace = Workspace(options.choice(args))
    with workspace.read_ledger() as ledger:
        status = matrix_status(workspace.choice, ledger, ask=True)
    for name in status.as_recorded:
        print(f"the database {name} does not answer: its evidence counts as recorded", file=sys.stderr)
    written = args.write or workspace.environment.matrix_file
    if written:
        publish(written, _markdown(workspace, status))
    if args.action == "show":
        return _show(workspace, status, args)
    _print(workspace, status, args)
    return 0


def _print(workspace: Workspace, status: MatrixStatus, args: argparse.Namespace) -> None:
    if args.json or args.format == "json":
        from cutter.report.matrix_json import matrix_body

        options.print_json(matrix_body(status, sandbox=workspace.environment.sandbox))
    elif args.format == "md":
        print(_markdown(workspace, status), end="")
    else:
        from cutter.report.matrix_terminal import print_matrix

        printing.print_banner(workspace, args)
        print_matrix(status, colour=options.colour(args))


def _show(workspace: Workspace, status: MatrixStatus, args: argparse.Namespace) -> int:
    gap = _chosen(status, args.gap)
    if args.json or args.format == "json":
        from cutter.report.matrix_json import gap_body

        options.print_json({"version": 1, **gap_body(gap)})
        return 0
    from cutter.report.gap_detail import gap_text

    printing.print_banner(workspace, args)
    print(gap_text(gap, colour=options.colour(args)))
    return 0


def _chosen(status: MatrixStatus, wanted: str) -> GapStatus:
    for gap in status.gaps:
        if gap.declaration.id.lower() == wanted.lower():
            return gap
    known = ", ".join(gap.declaration.id for gap in status.gaps)
    raise UsageError(
        f"there is no gap {wanted!r}" if wanted else "say which gap to show", remedy=f"the gaps are: {known}"
    )


def _markdown(workspace: Workspace, status: MatrixStatus) -> str:
    from cutter.report.matrix_markdown import matrix_markdown

    return matrix_markdown(status, sandbox=workspace.environment.sandbox)
