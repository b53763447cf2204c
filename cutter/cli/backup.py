"""Take a backup of the environment's database, list the backups, verify one, or restore one as a drill.

What is backed up, where to and to which key stands in the backup step of a runbook: f4.yml beside the gap
matrix, or --runbook. `verify` decrypts the newest backup, or FILE, and reads it whole; `drill` also restores
it into a scratch database, compares every table's rows with what was dumped, and drops it. Exit 14 when a
backup cannot be relied on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    actions = ["create", "list", "verify", "drill"]
    parser.add_argument("action", choices=actions, help="take one, list them, check one, or restore one")
    parser.add_argument(
        "file", nargs="?", default="", metavar="FILE", help="the backup to verify or drill; else the newest"
    )
    where = "the runbook whose backup step says how (else f4.yml beside the gap matrix)"
    parser.add_argument("--runbook", default="", metavar="RUNBOOK", help=where)
    options.add_environment(parser, limit=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Do it. Raises BackupFailed (14), and UsageError where no runbook declares a backup."""
    actions: dict[str, Callable[[Workspace, argparse.Namespace], int]]
    actions = {"create": _create, "list": _list, "verify": _verify, "drill": _drill}
    if args.file and args.action in ("create", "list"):
        raise UsageError(f"{args.action} takes no file", remedy=f"cutter backup {args.action}")
    return actions[args.action](Workspace(options.choice(args)), args)


def _create(workspace: Workspace, args: argparse.Namespace) -> int:
    from cutter.app import backups
    from cutter.app.applying import writing

    with writing(workspace) as session:
        seen = backups.create(session, args.runbook)
    if args.json:
        options.print_json({"version": 1, "backup": dict(seen)})
        return 0
    printing.print_banner(workspace, args)
    print(f"taken and verified: {seen['file']} ({seen['size']} bytes)")
    print(f"next: {workspace.command('backup drill')}")
    return 0


def _list(workspace: Workspace, args: argparse.Namespace) -> int:
    from cutter.app import backups
    from cutter.report.backup_text import backup_lines, backups_body

    found = backups.listed(workspace, args.runbook)
    if args.json:
        options.print_json(backups_body(found))
        return 0
    printing.print_banner(workspace, args)
    for line in backup_lines(found, colour=options.colour(args)):
        print(line)
    return 0


def _verify(workspace: Workspace, args: argparse.Namespace) -> int:
    from cutter.app import backups
    from cutter.app.applying import writing

    with writing(workspace) as session:
        manifest = backups.verify(session, args.runbook, args.file)
    if args.json:
        options.print_json({"version": 1, "verified": manifest.body()})
        return 0
    printing.print_banner(workspace, args)
    print(f"verified: {args.file or manifest.file}, taken {manifest.taken_at}")
    print(f"  encrypted to {manifest.encrypted_to} alone, signed by {manifest.signed_by}, read back whole")
    return 0


def _drill(workspace: Workspace, args: argparse.Namespace) -> int:
    from cutter.app import backups
    from cutter.app.applying import writing

    with writing(workspace) as session:
        manifest, tables = backups.drilled(session, args.runbook, args.file)
    if args.json:
        options.print_json({"version": 1, "drilled": manifest.body(), "tables": tables})
        return 0
    printing.print_banner(workspace, args)
    print(f"restored: {args.file or manifest.file}, taken {manifest.taken_at}")
    print(f"  {tables} tables, each with the rows that were dumped; the scratch database is dropped")
    return 0
