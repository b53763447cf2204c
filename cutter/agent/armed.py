"""What is armed on this machine: changes that go back by themselves unless somebody confirms them. Travels.

One file for each group of steps. Its name says how it stands, and changes by one rename, so that of a
confirmation and a take-back that meet exactly one wins. Its lines are written before each effect, so that
whoever finds it knows what to put back; there is no secret in it. The guard locks it for as long as it lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Optional

from cutter.errors import LockHeld
from cutter.filesystem.refusals import refusals
from cutter.filesystem.walk import sync_folder
from cutter.model.sha256 import sha256_hex
from cutter.model.state import State
from cutter.named_tuple import NamedTuple

ARMED, DUE, TAKING, TAKEN, CONFIRMED = "armed", "due", "taking", "taken", "confirmed"
STUCK = "stuck"
"""How a group stands that was not confirmed, and could not be put back either."""
OPEN = (ARMED, DUE, TAKING)
"""How a group stands about which nothing is decided, or not all of it is done."""
_FORWARD = (*OPEN, STUCK, TAKEN, CONFIRMED)
_MARK = "-"


class Begun(NamedTuple):
    """A step that was begun under a guard: what it takes to put it back.

    `goal` is how the thing was before the group began, `after` what the step declares.
    """

    id: str
    type: str
    params: Mapping[str, Any]
    content_hash: str
    goal: Optional[State]
    after: Optional[State]


class Noted(NamedTuple):
    """What the file of a group says; `complete` is the evidence of all its steps, None until all are done.

    `marks` and `settled` are, by step, what was found when it was put back; see cutter.model.evidence.
    """

    head: Mapping[str, Any]
    begun: tuple[Begun, ...]
    under_way: bool
    complete: Optional[Sequence[Mapping[str, Any]]]
    marks: Mapping[str, Mapping[str, str]]
    settled: Mapping[str, Mapping[str, str]]

    @property
    def reverts(self) -> bool:
        """Whether what was begun takes back what an earlier run has applied."""
        return bool(self.head.get("reverts"))

    @property
    def left(self) -> float:
        """Seconds until it is too late; none where the machine was started anew since."""
        return float(self.head["deadline"]) - now() if self.head["boot"] == boot() else 0.0


def now() -> float:
    """Return the seconds since the machine was started, those too in which it slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot() -> str:
    """Return what tells this start of the machine from every other."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def proof_of(token: str) -> str:
    """Return what may lie on the target of a word that only the controller knows."""
    return sha256_hex(token.encode())


def create(folder: str, name: str, head: Mapping[str, Any]) -> int:
    """Write down durably that a group is armed; return the file, open for its lines."""
    path = path_of(folder, ARMED, name)
    with refusals("arming", folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(path, flags, 0o600)
        note(file, head)
        sync_folder(folder)
    return file


def note(file: int, line: Mapping[str, Any]) -> None:
    """Add a line, durably; all of it, or nothing where that raises."""
    content, size = json.dumps(line).encode() + b"\n", os.fstat(file).st_size
    with refusals("writing", "what is armed"):
        try:
            while content:  # a disk that is all but full takes a part
                content = content[os.write(file, content) :]
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise


def begin(file: int, step: Begun) -> None:
    """Note durably that a step is about to be begun."""
    note(file, {"begun": step._asdict()})


def read(path: str) -> Noted:
    """Return what a file says. A last line that was cut off was written before its effect, and counts not."""
    with open(path, "rb") as file:
        *lines, _ = file.read().split(b"\n")
    head, *noted = map(json.loads, lines) if lines else ({"deadline": 0.0, "boot": "", "steps": []},)
    begun = tuple(Begun(**line["begun"]) for line in noted if "begun" in line)
    done = {line["done"] for line in noted if "done" in line}
    complete = [line["complete"] for line in noted if "complete" in line]
    back: Mapping[str, Any] = next((line for line in reversed(noted) if "marks" in line), {})
    under_way = any(step.id not in done for step in begun)
    found = back.get("marks", {}), back.get("settled", {})
    return Noted(head, begun, under_way, complete[0] if complete else None, *found)


def standing(folder: str, name: str) -> tuple[str, str]:
    """Return how a group stands and where its file is; empty where nothing is known of it."""
    for state in _FORWARD:  # in the order in which it moves, so that it cannot slip by
        path = path_of(folder, state, name)
        if os.path.lexists(path):
            return state, path
    return "", ""


def turn(folder: str, name: str, old: str, new: str) -> bool:
    """Let a group stand otherwise; False where somebody else was first."""
    try:
        os.rename(path_of(folder, old, name), path_of(folder, new, name))
    except FileNotFoundError:
        return False
    sync_folder(folder)
    return True


def in_state(folder: str, states: Collection[str] = (*OPEN, STUCK)) -> Iterator[tuple[str, str]]:
    """Yield every group of this machine that stands so: how, and its name."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        for entry in sorted(os.listdir(folder)):
            state, mark, name = entry.partition(_MARK)
            if mark and state in states:
                yield state, name


def forget(folder: str, runs: Collection[str]) -> None:
    """Forget the groups of runs about which everything is decided and recorded elsewhere."""
    for state, name in in_state(folder, (TAKEN, CONFIRMED)):
        if run_of(name) in runs:
            with suppress(FileNotFoundError, PermissionError):
                os.unlink(path_of(folder, state, name))


def discard(folder: str, name: str) -> None:
    """Forget a group of which nothing was begun."""
    with suppress(FileNotFoundError):
        os.unlink(path_of(folder, ARMED, name))


def run_of(name: str) -> str:
    """Return the run that a group belongs to."""
    return name.rpartition(_MARK)[0]


def refuse_open(folder: str, run: str = "") -> None:
    """Raise LockHeld while a change on this machine is neither confirmed nor taken back.

    What a look saw of it would hold for moments only, or take for declared what nobody confirmed. A run may
    try what it could not put back itself.
    """
    for state, name in in_state(folder):
        if state != STUCK or run_of(name) != run:
            raise undecided(folder, name)


def undecided(folder: str, name: str) -> LockHeld:
    """Return the complaint about a group that is neither confirmed nor taken back."""
    state, path = standing(folder, name)
    if state == STUCK:
        return LockHeld(
            f"a change of run {run_of(name)} was never confirmed, and could not be taken back",
            place=path,
            world="nothing was changed by this run",
            remedy=f"apply a runbook there: that is tried again first; to leave it as it is, remove {path}",
        )
    left = _left(path)
    cause = f"a change of run {run_of(name)} is neither confirmed nor taken back"
    wait = f"wait {max(1, round(left))} s, then run the same command again"
    over = "apply a runbook there: what is overdue is taken back first"
    return LockHeld(
        cause, place=path, world="nothing was changed by this run", remedy=wait if left > 0 else over
    )


@contextmanager
def held(path: str) -> Iterator[bool]:
    """Hold a group as its guard does; yield False where its guard lives."""
    file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)


def _left(path: str) -> float:
    with suppress(FileNotFoundError):  # it moved on in between
        return read(path).left
    return 0.0


def path_of(folder: str, state: str, name: str) -> str:
    """Return where a group's file is while it stands so."""
    return os.path.join(folder, f"{state}{_MARK}{name}")
