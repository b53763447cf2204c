"""This machine as a target: the agent, called in this process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from cutter.agent import Agent, RevertRequest, StepRequest
from cutter.facts import machine_identity
from cutter.filesystem.kept import KeptContent
from cutter.filesystem.leftovers import sweep
from cutter.model.evidence import Evidence
from cutter.model.plan import Look


class LocalTarget(NamedTuple):
    """This machine, under a name of the inventory.

    `kept_folder` is where replaced content goes; `digest_key` is what secrets are digested with.
    """

    name: str
    kept_folder: str
    digest_key: bytes

    def identity(self) -> str:
        """Return what tells this machine from every other."""
        return machine_identity()

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
        agent = self._agent({})
        return list(agent.revertible(steps))

    def workplaces(self, steps: Sequence[StepRequest] | Sequence[RevertRequest]) -> Collection[str]:
        """Return the folders in which these steps put files aside for a moment; nothing is touched."""
        return self._agent({}).workplaces(steps)

    def sweep(self, folders: Collection[str]) -> None:
        """Remove from these folders, and from that of replaced content, what dead runs have put aside."""
        for folder in {*folders, self.kept_folder}:
            sweep(folder)

    def _agent(self, content: Mapping[str, bytes]) -> Agent:
        kept = KeptContent(self.kept_folder)
        for digest, held in content.items():
            kept.offer(digest, held)
        return Agent(kept, self.digest_key)
