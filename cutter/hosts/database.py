"""A database as a target: its steps run in this process, with connections in hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cutter.agent import RevertRequest, StepRequest
from cutter.database.context import DatabaseContext
from cutter.hosts.in_process import InProcessTarget


class DatabaseTarget(InProcessTarget):
    """A database of databases.yml."""

    def __init__(self, name: str, kept_folder: str, digest_key: bytes, context: DatabaseContext) -> None:
        """Take the context that its steps get."""
        super().__init__(name, kept_folder, digest_key, context)
        self._database = context

    def identity(self) -> str:
        """Return what tells this database from every other. Raises Unavailable."""
        return self._database.identity()

    def workplaces(self, steps: Sequence[StepRequest] | Sequence[RevertRequest]) -> Collection[str]:
        """Return no folder: a database keeps its own house."""
        del steps
        return ()

    def sweep(self, folders: Collection[str]) -> None:
        """Remove nothing: what a dead session left, the server has rolled back."""
        del folders
