"""A database as a target: the agent, called in this process, with connections in hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from cutter.agent import Agent, RevertRequest, StepRequest
from cutter.database.context import DatabaseContext
from cutter.filesystem.kept import KeptContent
from cutter.model.evidence import Evidence
from cutter.model.plan import Look


class DatabaseTarget(NamedTuple):
    """A database of databases.yml. `kept_folder` is where replaced content goes, on this machine."""

    name: str
    kept_folder: str
    digest_key: bytes
    context: DatabaseContext

    def identity(self) -> str:
        """Return what tells this database from every other. Raises Unavailable."""
        return self.context.identity()

    def look(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], *, preview: bool
    ) -> Iterator[Look]:
        """Yield what each step would do, changing nothing."""
        return self._agent(content).look(steps, preview=preview)

    def apply(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], stop: Callable[[], bool]
    ) -> Iterator[Evidence]:
        """Apply the steps in order and yield evidence as it comes."""
        return self._agent(content).apply(steps, stop)

    def revert(self, steps: Sequence[RevertRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Take steps back in the order given and yield evidence as it comes."""
        return self._agent({}).revert(steps, stop)

    def revertible(self, steps: Sequence[RevertRequest]) -> Sequence[str]:
        """Return per step why it cannot be taken back now, or an empty text; nothing is touched."""
        return list(self._agent({}).revertible(steps))

    def workplaces(self, steps: Sequence[StepRequest] | Sequence[RevertRequest]) -> Collection[str]:
        """Return no folder: a database keeps its own house."""
        del steps
        return ()

    def sweep(self, folders: Collection[str]) -> None:
        """Remove nothing: what a dead session left, the server has rolled back."""
        del folders

    def _agent(self, content: Mapping[str, bytes]) -> Agent:
        kept = KeptContent(self.kept_folder)
        for digest, held in content.items():
            kept.offer(digest, held)
        return Agent(kept, self.digest_key, self.context)
