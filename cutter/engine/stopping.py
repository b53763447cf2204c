"""How a run is asked to stop: between steps by an answer, inside a step by an interrupt."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from cutter.named_tuple import NamedTuple


class Stop(Protocol):
    """Somebody may ask a run to stop: once politely, and then to abort."""

    @property
    def recorded(self) -> bool:
        """Tell whether what an abort breaks off is still heard and recorded before the command ends."""

    def __call__(self) -> bool:
        """Tell whether the run was asked to stop before the next step."""

    def abortable(self) -> AbstractContextManager[None]:
        """Let KeyboardInterrupt be raised inside this block when the run is to be aborted; nowhere else."""


class OnlyAbort(NamedTuple):
    """A stop that does not listen to a polite word: what is being put back is put back to the end."""

    stop: Stop

    @property
    def recorded(self) -> bool:
        """Return what it is for the stop."""
        return self.stop.recorded

    def __call__(self) -> bool:
        """Return False."""
        return False

    def abortable(self) -> AbstractContextManager[None]:
        """Let the block be aborted, as ever."""
        return self.stop.abortable()


class Unheeded:
    """The stop of what changes nothing: nobody asks it, and a signal ends the command as ever."""

    recorded = False

    def __call__(self) -> bool:
        """Return False."""
        return False

    def abortable(self) -> AbstractContextManager[None]:
        """Leave the block as it is."""
        return nullcontext()
