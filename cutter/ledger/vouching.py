"""A chain is checked before anything is added to it: all of it, or what came since it was last checked.

How far a long chain was checked is remembered in a file beside it. That is for speed alone: `cutter ledger
verify`, and whatever counts evidence, checks every entry.
"""

from __future__ import annotations

import os
from contextlib import suppress

from cutter.errors import LedgerError
from cutter.ledger.chain import Finding
from cutter.ledger.checkpoint import Checkpoint, parse_checkpoint
from cutter.ledger.complaints import refused
from cutter.ledger.sqlite import SqliteLedger

FILE = "checked"
SHORT = 1_000
"""So many entries are checked each time before it is remembered that they were."""
_LOOK = "cutter ledger verify"


def refuse_broken(ledger: SqliteLedger) -> None:
    """Raise LedgerError when the chain does not verify: evidence that was edited closes nothing."""
    _refuse(ledger.verify(), ledger.path, _LOOK)


def refuse_broken_since(ledger: SqliteLedger, folder: str) -> None:
    """Raise LedgerError when what was not yet checked does not verify, or what was checked is gone.

    Only the holder of the run lock may call this.
    """
    path = os.path.join(folder, FILE)
    known = _known(path)
    remedy = f"restore it from a copy; if it is as it should be: rm {path}" if known else _LOOK
    _refuse(ledger.verify_since(known), ledger.path, remedy)
    head = ledger.checkpoint()
    if head is not None and head.seq - (known.seq if known else 0) >= SHORT:
        with refused(path):
            _remember(path, head)


def _refuse(findings: list[Finding], place: str, remedy: str) -> None:
    if findings:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise LedgerError(findings[0].message + more, place=place, remedy=remedy)


def _known(path: str) -> Checkpoint | None:
    """Return what is remembered; what cannot be read is not."""
    with suppress(OSError, ValueError, LedgerError), open(path, encoding="ascii") as file:
        return parse_checkpoint(file.read(), path)
    return None


def _remember(path: str, head: Checkpoint) -> None:
    temporary = f"{path}.{os.urandom(6).hex()}.new"
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, head.text().encode("ascii"))
    finally:
        os.close(file)
    os.rename(temporary, path)
