"""This machine as a target."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING

from cutter.agent import armed, tenure
from cutter.agent.requests import RevertRequest, StepRequest
from cutter.facts import fact, machine_identity
from cutter.filesystem.leftovers import sweep
from cutter.hosts.in_process import InProcessTarget
from cutter.model.evidence import Evidence
from cutter.model.look import Look

if TYPE_CHECKING:
    from cutter.hosts.ssh import SshTarget

_BY = "this machine"
_PAUSE_SECONDS = 0.2


class LocalTarget(InProcessTarget):
    """This machine, under a name of the inventory; `run` is the run that acts on it."""

    def __init__(self, name: str, state_folder: str, digest_key: bytes, run: str = "") -> None:
        """Take where things are kept here, as on any other host."""
        super().__init__(name, os.path.join(state_folder, "kept"), digest_key)
        self._state = state_folder
        self._run = run
        self._there: SshTarget | None = None

    def identity(self) -> str:
        """Return what tells this machine from every other."""
        return machine_identity()

    def facts(self, names: Collection[str]) -> Mapping[str, str]:
        """Return facts of this machine and of the user that acts here."""
        return {name: fact(name) for name in names}

    def look(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], *, preview: bool
    ) -> Iterator[Look]:
        """Yield what each step would do. Raises LockHeld while it is undecided what becomes of a change."""
        armed.refuse_open(self._state)
        agent = self._agent(content)
        agent.state_folder = self._state
        return agent.look(steps, preview=preview)

    def apply(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], stop: Callable[[], bool]
    ) -> Iterator[Evidence]:
        """Apply the steps in order and yield evidence; what is guarded a fresh process confirms."""
        if any(step.confirm for step in steps):
            return self._aside(lambda there: there.apply(steps, content, stop), stop)
        return super().apply(steps, content, stop)

    def revert(self, steps: Sequence[RevertRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Take steps back in the order given, what is guarded as `apply` does."""
        if any(step.confirm for step in steps):
            return self._aside(lambda there: there.revert(steps, stop), stop)
        return super().revert(steps, stop)

    def revertible(self, steps: Sequence[RevertRequest]) -> Sequence[str]:
        """Return per step why it cannot be taken back now. Raises LockHeld as `look` does."""
        armed.refuse_open(self._state)
        return super().revertible(steps)

    def workplaces(self, steps: Sequence[StepRequest] | Sequence[RevertRequest]) -> Collection[str]:
        """Return the folders in which these steps put files aside for a moment; nothing is touched."""
        return self._agent({}).workplaces(steps)

    def sweep(self, folders: Collection[str]) -> None:
        """Remove from these folders, and from that of replaced content, what dead runs have put aside."""
        for folder in {*folders, self.kept_folder}:
            sweep(folder)

    def answered(self) -> Sequence[str]:
        """Forget what is decided about the guarded steps of this run; tell what others had left of theirs."""
        if self._there is None:
            return ()
        tenure.answered(self._state, self._there.answers_for)
        armed.forget(self._state, self._there.answers_for)
        return self._there.left

    def overdue(self) -> Sequence[tuple[str, Sequence[Evidence]]]:
        """Take back what was never confirmed here and whose guard is dead; return it by run.

        Raises LockHeld while a guard lives, StepFailed for what cannot be taken back.
        """
        from cutter.agent.putting_back import take_back_overdue

        return take_back_overdue(self._state, self._agent({}))

    def _another(self) -> SshTarget:
        """Return this machine as any other: an agent of its own can be ended when it hangs, and this not."""
        from cutter.hosts.ssh import SshTarget
        from cutter.hosts.ssh_command import Route
        from cutter.hosts.ssh_session import Session

        there = Session(self.name, Route("", python=sys.executable))
        return SshTarget(there, self._state, self.digest_key, run=self._run, by=_BY)

    def _aside(
        self, begin: Callable[[SshTarget], Iterator[Evidence]], stop: Callable[[], bool]
    ) -> Iterator[Evidence]:
        """Have an agent of its own do it; it ends with this, and is asked to stop when this is."""
        there = self._there = self._another()
        over = Event()
        watch = Thread(target=_pass_on, args=(stop, over, there), daemon=True)
        watch.start()
        try:
            yield from begin(there)
        finally:
            there.close()
            over.set()
            watch.join()


def _pass_on(stop: Callable[[], bool], over: Event, there: SshTarget) -> None:
    while not over.wait(_PAUSE_SECONDS):
        if stop():
            there.halt(at_once=False)
