"""Does steps of which some are guarded: armed before the first effect, kept only once confirmed. Travels.

Steps with `confirm` that stand side by side are one group: armed together, confirmed together after the last
of them, taken back together. Where one of them fails, all are taken back at once. What is done is to apply
them, or to take back what a run has applied; the guard then puts it back to how that run had left it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, Optional

from cutter.agent import armed, guard
from cutter.agent.armed import Begun
from cutter.agent.attempt import Attempt
from cutter.agent.duties import lasting
from cutter.agent.ending import started_at
from cutter.agent.putting_back import TAKEN_BACK, came_of_it, take_over
from cutter.agent.requests import Request, RevertRequest, StepRequest
from cutter.agent.running import Act, Agent, ended_well, unguarded
from cutter.agent.tidings import Armed, Arming, Decided, Told, evidence_body
from cutter.agent.untouched import skipped
from cutter.agent.words import from_os
from cutter.errors import CutterError, StalePlan
from cutter.filesystem.replace import changed_meanwhile
from cutter.model.evidence import Evidence
from cutter.model.look import Prediction
from cutter.model.state import Change, State
from cutter.named_tuple import NamedTuple

_PAUSE_SECONDS = 0.05
_BESIDE = "a step beside it did not succeed, so it was put back with that"


class Post(NamedTuple):
    """Where a run arms things: the folder, the run, who runs it, and the proof of what only they know."""

    folder: str
    run: str
    by: str
    proof: str
    kept: str


def under_guard(
    agent: Agent, act: Act, steps: Sequence[Request], stop: Callable[[], bool], post: Post
) -> Generator[Told, None, None]:
    """Do steps as `act` of the agent does, and yield beside evidence how it stands with what is armed.

    After Armed nothing goes on until the group is confirmed or taken back; in the latter case nothing else
    is yielded. Nothing of another run may be armed here.
    """
    halted = ""
    for number, (is_guarded, members) in enumerate(groupby(steps, lambda step: step.confirm > 0)):
        part = list(members)
        if not halted and stop():
            halted = "the run was interrupted"
        if halted:
            yield from (skipped(step, halted) for step in part)
            continue
        kind = "back" if isinstance(part[0], RevertRequest) else ""
        group = _Group(agent, act, part, post, f"{post.run}-{kind}{number}")
        for told in group.done() if is_guarded else act(part, stop):
            if isinstance(told, Evidence) and not ended_well(part[0], told):
                halted = halted or f"{told.step} did not succeed"
            yield told
        if group.is_lost:
            return


class _Group:
    """Guarded steps that stand side by side, and the file of what is armed for them."""

    def __init__(self, agent: Agent, act: Act, steps: Sequence[Request], post: Post, name: str) -> None:
        self.is_lost = False
        self._agent = agent
        self._act = act
        self._steps = steps
        self._post = post
        self._name = name
        self._goals: dict[str, Optional[State]] = {}
        self._file = -1

    def done(self) -> Iterator[Told]:
        """Yield what comes of the group. A group of which nothing differs is not armed."""
        self._agent.brace = self._brace
        try:
            if not self._differs():
                yield from self._act(self._steps, _never)
                return
            refusal = self._arm()
            if refusal is not None:
                yield from self._unarmed(refusal)
                return
            yield Arming(self._name, float(self._within), tuple(step.id for step in self._steps))
            yield from self._decided(list(self._each()))
        finally:
            self._agent.brace = unguarded
            if self._file >= 0:
                os.close(self._file)

    @property
    def _within(self) -> int:
        return max(step.confirm for step in self._steps)

    def _differs(self) -> bool:
        """Look at the group before anything of it is begun, and tell whether anything may have to be done."""
        looks = list(self._agent.look(step for step in self._steps if isinstance(step, StepRequest)))
        for look in looks:
            if look.before is not None or look.prediction is Prediction.CHANGE:
                self._goals[look.step] = look.before
        back = [step for step in self._steps if isinstance(step, RevertRequest)]
        for step in back:
            with suppress(CutterError, OSError, LookupError):  # taking it back meets the same, and says so
                resource = self._agent.resource_of(step.type, step.params)
                self._goals[step.id] = lasting(resource, resource.observe())
        return bool(back) or any(look.prediction is not Prediction.NO_CHANGE for look in looks)

    def _arm(self) -> Optional[CutterError]:
        """Arm the group and start its guard; return why that cannot be, and then nothing was begun."""
        post = self._post
        try:
            self._file = armed.create(post.folder, self._name, self._head())
            guard.start(post.folder, self._name, post.kept, self._agent.digest_key)
        except (CutterError, OSError) as error:
            armed.discard(post.folder, self._name)
            return error if isinstance(error, CutterError) else from_os(error)
        return None

    def _head(self) -> Mapping[str, Any]:
        post, pid = self._post, os.getpid()
        return {
            "run": post.run,
            "by": post.by,
            "steps": [step.id for step in self._steps],
            "reverts": isinstance(self._steps[0], RevertRequest),
            "within": self._within,
            "boot": armed.boot(),
            "deadline": armed.now() + self._within,
            "proof": post.proof,
            "pid": pid,
            "started": started_at(pid),
        }

    def _brace(self, step: Request, params: Mapping[str, Any], change: Change) -> None:
        """Note durably what is about to be changed. Raises StalePlan where the group may not go on."""
        if self._file < 0:
            raise changed_meanwhile("it")
        goal = self._goals.get(step.id, change.before)
        armed.begin(self._file, Begun(step.id, step.type, params, step.content_hash, goal, change.after))
        if armed.standing(self._post.folder, self._name)[0] != armed.ARMED:
            raise StalePlan(
                "there was no time left to confirm it", remedy="give it more: confirm: {within: ...}"
            )

    def _each(self) -> Iterator[Evidence]:
        for evidence in self._act(self._steps, _never):
            self._note({"done": evidence.step})
            yield evidence

    def _note(self, line: Mapping[str, Any]) -> None:
        """Note that something is done; where that cannot be, nothing more is, and all goes back at once."""
        try:
            armed.note(self._file, line)
        except CutterError:
            armed.turn(self._post.folder, self._name, armed.ARMED, armed.DUE)
            raise

    def _decided(self, found: Sequence[Evidence]) -> Iterator[Told]:
        """Have the group confirmed, or taken back where one of its steps failed."""
        if all(ended_well(self._steps[0], evidence) for evidence in found):
            self._note({"complete": [evidence_body(evidence) for evidence in found]})
            yield Armed(self._name)
            self.is_lost = self._wait() != armed.CONFIRMED
            return
        armed.turn(self._post.folder, self._name, armed.ARMED, armed.DUE)
        self._wait()
        yield Decided(self._name)
        back = {item.step: item for item in came_of_it(self._post.folder, self._name, self._agent)}
        for evidence in found:
            well = ended_well(self._steps[0], evidence)
            yield _after_all(evidence, back.get(evidence.step), well=well)

    def _wait(self) -> str:
        """Wait until it is decided what becomes of the group, in place of the guard where that is dead."""
        while True:
            state, path = armed.standing(self._post.folder, self._name)
            if state not in armed.OPEN:
                return state
            with suppress(FileNotFoundError):  # it moved on in between
                if state != armed.ARMED or armed.read(path).left < 0:
                    take_over(self._post.folder, self._name, self._agent)
            time.sleep(_PAUSE_SECONDS)

    def _unarmed(self, error: CutterError) -> Iterator[Evidence]:
        first, *others = self._steps
        attempt = Attempt(first)
        yield attempt.failed(error)
        yield from (skipped(step, f"{first.id} did not succeed") for step in others)


def _after_all(found: Evidence, back: Optional[Evidence], *, well: bool) -> Evidence:
    """Return what came of a step of a group that was taken back: the one that failed says why.

    Marks that were taken before that prove nothing after it.
    """
    if back is None:
        return found
    if back.guard != TAKEN_BACK:
        return back if well else found._replace(marks=None)
    if well:
        return back._replace(reason=_BESIDE)
    certain = back.before is not None or not found.world
    now = found._replace(before=back.before, observed=back.observed, guard=back.guard)
    now = now._replace(marks=back.marks, settled=back.settled)
    return now._replace(world="") if certain else now


def _never() -> bool:
    return False
