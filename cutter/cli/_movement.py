"""Which gaps a command closed or reopened."""

from __future__ import annotations

import argparse
import os
from typing import Any

from cutter.app.applying import WritingSession
from cutter.app.gaps import matrix_status, movement
from cutter.app.matrix_file import matrix_path
from cutter.cli._options import colour
from cutter.report.style import paint


class Movement:
    """The matrix as it was before a command, to be compared with what it is after."""

    def __init__(self, session: WritingSession, args: argparse.Namespace) -> None:
        self.session = session
        self.args = args
        self.declared = os.path.exists(matrix_path(session.workspace))
        self.before = self._status(verified=False) if self.declared else None

    def tell(self, *, well: bool) -> list[dict[str, Any]]:
        """Print each gap whose status moved, and return them for programs; `well`: all went well."""
        if self.before is None:
            return []
        moved = movement(self.before, self._status(verified=True))
        if not self.args.json:
            for name, old, new in moved:
                print(paint(f"gap {name}: {old} -> {new}", "strong", colour=colour(self.args)))
            if moved or well:
                print(f"next: {self.session.workspace.command('gaps')}")
        return [{"id": name, "before": old, "after": new} for name, old, new in moved]

    def _status(self, *, verified: bool) -> Any:
        return matrix_status(self.session.workspace.choice, self.session.ledger, verified=verified)
