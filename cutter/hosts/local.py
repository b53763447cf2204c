"""This machine as a target."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from cutter.agent import armed
from cutter.agent.requests import RevertRequest, StepRequest
from cutter.facts import fact, machine_identity
from cutter.filesystem.leftovers import sweep
from cutter.hosts.in_process import InProcessTarget
from cutter.model.evidence import Evidence
from cutter.model.look import Look


class LocalTarget(InProcessTarget):
    """This machine, under a name of the inventory; `run` is the run that acts on it."""

    def __init__(self, name: str, state_folder: str, digest_key: bytes, run: str = "") -> None:
        """Take where things are kept here, as on any other host."""
        super().__init__(name, os.path.join(state_folder, "kept"), digest_key)
        self._state = state_folder
        self._run = run

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
        return super().look(steps, content, preview=preview)

    def apply(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], stop: Callable[[], bool]
    ) -> Iterator[Evidence]:
        """Apply the steps in order and yield evidence; what is guarded a fresh process confirms."""
        if any(step.confirm for step in steps):
            return self._guarded(steps, content, stop)
        return super().apply(steps, content, stop)

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
        """Forget what is decided about the guarded steps of this run."""
        armed.forget(self._state, [self._run])
        return ()

    def overdue(self) -> Sequence[tuple[str, Sequence[Evidence]]]:
        """Take back what was never confirmed here and whose guard is dead; return it by run.

        Raises LockHeld while a guard lives, StepFailed for what cannot be taken back.
        """
        from cutter.agent.putting_back import take_back_overdue

        return take_back_overdue(self._state, self._agent({}))

    def _guarded(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], stop: Callable[[], bool]
    ) -> Iterator[Evidence]:
        from cutter.agent.guarded import Post, apply_guarded
        from cutter.hosts.confirming import Way, settled

        token = os.urandom(16).hex()
        proof = armed.proof_of(token)
        post = Post(self._state, self._run, "", proof, self.kept_folder, apart=False)

        def ask(verb: str, name: str) -> Mapping[str, Any]:
            return self._ask_another(verb, name, token)

        told = apply_guarded(self._agent(content), steps, stop, post)
        yield from settled(told, steps, Way(ask, lambda: False))

    def _ask_another(self, verb: str, name: str, token: str) -> Mapping[str, Any]:
        """Ask an agent in a process of its own, as one on another machine is asked."""
        from cutter.hosts.ssh_command import Route
        from cutter.hosts.ssh_session import Session

        asked = {"verb": verb, "name": name, "token": token, "state": self._state}
        with closing(Session(self.name, Route("", python=sys.executable))) as fresh:
            answers = fresh.ask({**asked, "kept": self.kept_folder, "key": self.digest_key.hex()})
            return list(answers)[0]  # noqa: RUF015 - to the end, or it is cut off
