"""What the engine needs of a target: to look and to apply. Local and remote targets satisfy it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import ClassVar, Protocol

from cutter.agent.requests import RevertRequest, StepRequest
from cutter.model.evidence import Evidence
from cutter.model.look import Look


class Target(Protocol):
    """A host that steps act on. `apart`: its steps run elsewhere, so that a thread can wait for them."""

    apart: ClassVar[bool]

    @property
    def name(self) -> str:
        """The name in the inventory."""

    def identity(self) -> str:
        """Return what tells this machine from every other. Raises Unavailable."""

    def facts(self, names: Collection[str]) -> Mapping[str, str]:
        """Return facts of this machine and of the user that acts there. Raises Unavailable."""

    def look(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], *, preview: bool
    ) -> Iterator[Look]:
        """Yield what each step would do, changing nothing. Raises Unavailable."""

    def apply(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], stop: Callable[[], bool]
    ) -> Iterator[Evidence]:
        """Apply the steps in order and yield evidence as it comes. Raises Unavailable."""

    def revert(self, steps: Sequence[RevertRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Take steps back in the order given and yield evidence as it comes. Raises Unavailable."""

    def revertible(self, steps: Sequence[RevertRequest]) -> Sequence[str]:
        """Return per step why it cannot be taken back now, or an empty text; nothing is touched."""

    def workplaces(self, steps: Sequence[StepRequest] | Sequence[RevertRequest]) -> Collection[str]:
        """Return the folders in which these steps put files aside for a moment; nothing is touched."""

    def halt(self, *, at_once: bool) -> None:
        """Ask a target apart, from another thread, to begin no other step, or to break off at once."""

    def answered(self) -> Sequence[str]:
        """Hear that what came of the run is recorded; return what others had begun there and left, in words.

        Raises Unavailable.
        """

    def overdue(self) -> Sequence[tuple[str, Sequence[Evidence]]]:
        """Take back what was never confirmed there and whose guard is dead; return it by the run that did it.

        Raises LockHeld while a guard lives, StepFailed for what cannot be taken back, Unavailable.
        """

    def sweep(self, folders: Collection[str]) -> None:
        """Remove from these folders what dead runs have put aside. Raises nothing for what cannot go."""
