"""A target whose steps run in this process: what this machine and a database have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from cutter.agent.requests import RevertRequest, StepRequest
from cutter.agent.running import Agent
from cutter.filesystem.kept import KeptContent
from cutter.model.evidence import Evidence
from cutter.model.look import Look
from cutter.resource import Context


class InProcessTarget:
    """The agent, called in this process, under a name of the inventory.

    `kept_folder` is where replaced content goes, on this machine; `digest_key` digests secrets.
    """

    apart: ClassVar[bool] = False

    def __init__(
        self, name: str, kept_folder: str, digest_key: bytes, context: Context | None = None
    ) -> None:
        """Take what the agent needs; `context` is there for a database."""
        self.name = name
        self.kept_folder = kept_folder
        self.digest_key = digest_key
        self.context = context

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

    def halt(self, *, at_once: bool) -> None:
        """Do nothing: who asks is in the same thread as the step, and is asked by it."""

    def answered(self) -> Sequence[str]:
        """Return nothing: what was begun here is known from the ledger alone."""
        return ()

    def overdue(self) -> Sequence[tuple[str, Sequence[Evidence]]]:
        """Return nothing: only a host has anything that waits to be confirmed."""
        return ()

    def _agent(self, content: Mapping[str, bytes]) -> Agent:
        kept = KeptContent(self.kept_folder)
        for digest, held in content.items():
            kept.offer(digest, held)
        return Agent(kept, self.digest_key, self.context)
