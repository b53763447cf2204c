"""Check the chain of the ledger, or export a checkpoint to keep elsewhere.

`cutter ledger verify` names every entry that was edited, deleted, forked or swapped (exit 18). A chain cannot
show by itself that its tail was cut, and whoever owns the file can rebuild all of it: that takes checkpoints
kept where they cannot reach. With checkpoint_to and checkpoint_key in environment.yml every run leaves a
signed one there; `cutter ledger checkpoint > FILE` makes one now. `verify --checkpoint FILE|FOLDER` judges
signatures and compares.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.errors import LedgerError, UsageError
from cutter.ledger.sqlite import SqliteLedger
from cutter.ledger.vouching import refuse_broken
from cutter.report.ledger_findings import findings_text

if TYPE_CHECKING:
    from cutter.app.checkpoint_verdicts import Compared


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("action", choices=["verify", "checkpoint"], help="check the chain, or print its head")
    help_text = "verify against a head kept earlier, or all of a folder"
    parser.add_argument("--checkpoint", default="", metavar="FILE|FOLDER", help=help_text)
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Verify or export. Raises LedgerError (18) with the findings, or when there is no ledger."""
    workspace = Workspace(options.choice(args))
    with workspace.read_ledger() as ledger:
        if args.action == "checkpoint":
            if args.checkpoint:
                raise UsageError("--checkpoint belongs to verify", remedy="cutter ledger checkpoint > FILE")
            return _export(workspace, ledger, args)
        return _verify(workspace, ledger, args)


def _export(workspace: Workspace, ledger: SqliteLedger, args: argparse.Namespace) -> int:
    from cutter.app.checkpoints import signed_checkpoint
    from cutter.ledger.checkpoint import parse_kept

    refuse_broken(ledger)  # a checkpoint of a broken chain would vouch for it
    content = signed_checkpoint(workspace, ledger)
    if args.json:
        kept = parse_kept(content, "")
        body = {"checkpoint": kept.checkpoint._asdict(), "signature": kept.signature.decode("ascii")}
        options.print_json({"version": 1, **body})
    else:
        sys.stdout.write(content.decode("ascii"))
    return 0


def _verify(workspace: Workspace, ledger: SqliteLedger, args: argparse.Namespace) -> int:
    beside = _compared(workspace, ledger, args.checkpoint) if args.checkpoint else None
    findings = beside.findings if beside else ledger.verify()
    head = ledger.head()
    entries, last = (head.seq, head.hash) if head else (0, "")
    if args.json:
        told = [finding._asdict() for finding in findings]
        body = {"version": 1, "findings": told, "entries": entries}
        options.print_json({**body, **({"checkpoints": _body(beside, entries)} if beside else {})})
    else:
        print(findings_text(findings, entries=entries, head=last, colour=options.colour(args)))
        if not findings:
            _tell_beside(workspace, beside, args.checkpoint, entries)
    return LedgerError.exit_code if findings else 0


def _compared(workspace: Workspace, ledger: SqliteLedger, path: str) -> Compared:
    from cutter.app.checkpoint_verdicts import compared

    if not os.path.exists(path):
        raise UsageError(
            f"there is no checkpoint at {path}", remedy="name a file, or the folder of checkpoint_to"
        )
    if ledger.head() is None:
        raise LedgerError("there is no ledger, and the checkpoint remembers one", place=ledger.path)
    return compared(workspace, ledger, path)


def _body(beside: Compared, entries: int) -> dict[str, object]:
    vouched = {"newest": beside.newest, "unvouched": max(entries - beside.newest, 0)}
    return {"count": len(beside.kept), "signed": beside.signed, **vouched}


def _tell_beside(workspace: Workspace, beside: Compared | None, path: str, entries: int) -> None:
    """Say how far checkpoints vouch for the chain, or where those are that could."""
    folder = workspace.environment.checkpoint_to
    if beside is None:
        if folder:
            print(f"next: {workspace.command('ledger', 'verify', '--checkpoint', folder)}")
        return
    how = "signed" if beside.signed else "not signed: as good as the place where it was kept"
    newest = beside.kept[-1].checkpoint
    print(f"{len(beside.kept)} of {path} agree; the newest ({how}) is of entry {newest.seq}, {newest.at}")
    if entries > newest.seq:
        print(f"nothing outside vouches for the {entries - newest.seq} entries after it")
