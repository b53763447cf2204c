"""Check the chain of the ledger, or export a checkpoint to keep elsewhere.

`cutter ledger verify` names every entry that was edited, deleted, forked or swapped (exit 18). A chain
cannot show by itself that its tail was cut: `cutter ledger checkpoint > FILE` remembers the head, and `verify
--checkpoint FILE` compares. Whoever owns the file can rebuild all of it, so keep checkpoints, signed, where
they cannot reach.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.errors import LedgerError, UsageError
from cutter.ledger.checkpoint import Checkpoint, parse_checkpoint
from cutter.ledger.sqlite import SqliteLedger
from cutter.ledger.vouching import refuse_broken
from cutter.report.ledger_findings import findings_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("action", choices=["verify", "checkpoint"], help="check the chain, or print its head")
    parser.add_argument("--checkpoint", default="", metavar="FILE", help="verify against a head kept earlier")
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Verify or export. Raises LedgerError (18) with the findings, or when there is no ledger."""
    workspace = Workspace(options.choice(args))
    with workspace.read_ledger() as ledger:
        if args.action == "checkpoint":
            if args.checkpoint:
                raise UsageError("--checkpoint belongs to verify", remedy="cutter ledger checkpoint > FILE")
            return _export(ledger, args)
        return _verify(ledger, args)


def _export(ledger: SqliteLedger, args: argparse.Namespace) -> int:
    checkpoint = ledger.checkpoint()
    if checkpoint is None:
        raise LedgerError("there is no ledger yet", place=ledger.path, remedy="the first apply makes it")
    refuse_broken(ledger)  # a checkpoint of a broken chain would vouch for it
    if args.json:
        options.print_json({"version": 1, "checkpoint": checkpoint._asdict()})
    else:
        sys.stdout.write(checkpoint.text())
    return 0


def _verify(ledger: SqliteLedger, args: argparse.Namespace) -> int:
    known = _read(args.checkpoint) if args.checkpoint else None
    if known is not None and ledger.head() is None:
        raise LedgerError("there is no ledger, and the checkpoint remembers one", place=ledger.path)
    findings = ledger.verify(known)
    head = ledger.head()
    if args.json:
        told = [finding._asdict() for finding in findings]
        options.print_json({"version": 1, "findings": told, "entries": head.seq if head else 0})
    else:
        entries, last = (head.seq, head.hash) if head else (0, "")
        print(findings_text(findings, entries=entries, head=last, colour=options.colour(args)))
    return LedgerError.exit_code if findings else 0


def _read(path: str) -> Checkpoint:
    try:
        return parse_checkpoint(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the checkpoint {path}: {error}") from error
