"""A host reached by ssh: the same agent, on the other side of one connection."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, ClassVar

from cutter.agent.requests import Request, RevertRequest, StepRequest
from cutter.agent.tidings import evidence_of
from cutter.agent.unseen import unobservable, unseen
from cutter.agent.untouched import skipped
from cutter.agent.wire import look_of, revert_body, step_body
from cutter.errors import CutterError
from cutter.hosts.ssh_session import Session
from cutter.model.evidence import Evidence
from cutter.model.look import Look


class SshTarget:
    """A host of the inventory over a session. Its outcomes are the agent's, its errors those of the way."""

    apart: ClassVar[bool] = True

    def __init__(self, session: Session, state_folder: str, digest_key: bytes, *, run: str, by: str) -> None:
        """Take the session, where things are kept there, the key of digests, the run, and who runs it."""
        self.name = session.name
        self._session = session
        self._state = state_folder
        self._key = digest_key
        self._run = run
        self._by = by
        self._left: Sequence[Mapping[str, Any]] = ()

    def identity(self) -> str:
        """Return what tells that machine from every other. Raises Unavailable."""
        return self._session.whose()

    def look(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], *, preview: bool
    ) -> Iterator[Look]:
        """Yield what each step would do, changing nothing. Raises Unavailable."""
        if steps:
            self._equip(steps)
            bodies = list(map(step_body, steps))
            asked = self._asked("look", steps=bodies, preview=preview)
            yield from map(look_of, self._session.ask(asked, content))

    def apply(
        self, steps: Sequence[StepRequest], content: Mapping[str, bytes], stop: Callable[[], bool]
    ) -> Iterator[Evidence]:
        """Apply the steps in order and yield evidence as it comes.

        The machine is held for the run meanwhile; where that cannot be, no step is begun and each is
        unobservable. Raises Unavailable when a step may be under way.
        """
        asked = self._asked("apply", run=self._run, by=self._by, steps=list(map(step_body, steps)))
        if any(step.confirm for step in steps):
            return self._guarded(steps, asked, content, stop)
        return self._moved(steps, asked, content, stop)

    def revert(self, steps: Sequence[RevertRequest], stop: Callable[[], bool]) -> Iterator[Evidence]:
        """Take steps back in the order given and yield evidence as it comes, as `apply` does."""
        asked = self._asked("revert", run=self._run, by=self._by, steps=list(map(revert_body, steps)))
        if any(step.confirm for step in steps):
            return self._guarded(steps, asked, {}, stop)
        return self._moved(steps, asked, {}, stop)

    def revertible(self, steps: Sequence[RevertRequest]) -> Sequence[str]:
        """Return per step why it cannot be taken back now, or an empty text; nothing is touched."""
        self._equip(steps)
        asked = self._asked("revertible", steps=list(map(revert_body, steps)))
        return [answer["reason"] for answer in self._session.ask(asked)]

    def workplaces(self, steps: Sequence[StepRequest] | Sequence[RevertRequest]) -> Collection[str]:
        """Return the folders in which these steps put files aside for a moment; nothing is touched."""
        self._equip(steps)
        bodies = [step_body(step) if isinstance(step, StepRequest) else revert_body(step) for step in steps]
        return set(self._answer(self._asked("workplaces", steps=bodies))["folders"])

    def sweep(self, folders: Collection[str]) -> None:
        """Remove from these folders, and from that of replaced content, what dead runs have put aside."""
        wanted = sorted({*folders, self._kept})
        list(self._session.ask({"verb": "sweep", "folders": wanted, "state": self._state}))

    def facts(self, names: Collection[str]) -> Mapping[str, str]:
        """Return facts of that machine and of the user that acts there. Raises Unavailable."""
        known = self._session.facts
        if not known.keys() >= set(names):
            known.update(self._answer({"verb": "facts", "names": sorted(names)})["facts"])
        return {name: known[name] for name in names}

    def answered(self) -> Sequence[str]:
        """Let the machine forget what it noted of this run, and of others that broke off there.

        Returns a line for each of these. Raises Unavailable; the next run then finds the same.
        """
        list(self._session.ask({"verb": "answered", "state": self._state, "runs": self.answers_for}))
        return self.left

    @property
    def answers_for(self) -> Sequence[str]:
        """The runs that need not be noted there any more once this one is recorded."""
        return [self._run, *(left["run"] for left in self._left)]

    @property
    def left(self) -> Sequence[str]:
        """A line for each run of others that was found to have broken off there."""
        return [
            f"run {left['run']} of {left['by'] or 'somebody'} broke off there; it had begun "
            f"{', '.join(left['steps'])}"
            for left in self._left
        ]

    def overdue(self) -> Sequence[tuple[str, Sequence[Evidence]]]:
        """Take back what was never confirmed there and whose guard is dead; return it by run.

        Raises LockHeld while a guard lives, StepFailed for what cannot be taken back.
        """
        self._session.equip(None)  # what earlier runs have armed may be of any type
        taken = self._answer(self._asked("overdue", run=self._run, by=self._by))["taken"]
        return [(run, list(map(evidence_of, found))) for run, found in taken]

    def _answer(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return list(self._session.ask(asked))[0]  # noqa: RUF015 - to the end, or the next answer is this one's

    def halt(self, *, at_once: bool) -> None:
        """Ask the agent to begin no other step, or break the connection off: it ends with that."""
        if at_once:
            self._session.break_off()
        else:
            self._session.ask_to_stop()

    def close(self) -> None:
        """End the agent, and with it whatever is under way."""
        self._session.close()

    def _guarded(
        self,
        steps: Sequence[Request],
        asked: Mapping[str, Any],
        content: Mapping[str, bytes],
        stop: Callable[[], bool],
    ) -> Iterator[Evidence]:
        from cutter.agent.armed import proof_of
        from cutter.agent.tidings import told_of
        from cutter.hosts.confirming import Way, settled

        token = os.urandom(16).hex()

        def ask(verb: str, name: str) -> Mapping[str, Any]:
            with closing(self._session.fresh()) as fresh:
                return list(fresh.ask(self._asked(verb, name=name, token=token)))[0]  # noqa: RUF015 - to the end

        way = Way(ask, lambda: self._session.broken_off)
        told = self._moved(steps, {**asked, "proof": proof_of(token)}, content, stop, told_of)
        yield from settled(told, steps, way)

    def _moved(
        self,
        steps: Sequence[Request],
        asked: Mapping[str, Any],
        content: Mapping[str, bytes],
        stop: Callable[[], bool],
        told_of: Callable[[Mapping[str, Any]], Any] = evidence_of,
    ) -> Generator[Any, None, None]:
        if stop():
            yield from (skipped(step, "the run was interrupted") for step in steps)
            return
        begun = asked_for = False
        try:
            self._equip(steps)
            self._session.start()
            asked_for = True
            for body in self._session.ask(asked, content):
                if "begun" in body:
                    begun = True
                    self._left = [left for left in body["begun"] if left["run"] != self._run]
                else:
                    yield told_of(body)
        except GeneratorExit:  # what else it would say nobody wants to hear
            self._session.close()
            raise
        except CutterError as error:
            if begun or (asked_for and self._session.broken):
                raise
            yield from (unobservable(step, unseen(error)) for step in steps)

    def _equip(self, steps: Sequence[Request]) -> None:
        self._session.equip({step.type for step in steps})

    @property
    def _kept(self) -> str:
        return os.path.join(self._state, "kept")

    def _asked(self, verb: str, **told: Any) -> Mapping[str, Any]:
        return {"verb": verb, "kept": self._kept, "state": self._state, "key": self._key.hex(), **told}
