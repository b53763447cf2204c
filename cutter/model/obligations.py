"""What a changed step obliges a later one to do, such as a restart: owed until a look finds it done.

An obligation is recorded before the first effect that could ask for it. The evidence of the named steps tells
whether they changed, and the evidence of whoever owes it, that a look found it done; so what is still owed is
a fold over entries and stored nowhere. Where nobody can look any more, a person says that it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Optional

from cutter.model.state import State
from cutter.named_tuple import NamedTuple

KINDS = frozenset({"run", "intent", "obligation", "evidence", "resolve"})
OWED, SETTLED = "owed", "none owed"
"""The values of an act in the state of a step: what is to be done, and what a look must find."""
_TOUCHED = frozenset({"changed", "unknown", "compensated"})
Marks = tuple[Optional[str], ...]
"""What must differ now for something owed to be done; None where nobody looked after the change."""


class Duty(NamedTuple):
    """An act, like ``restart``, that a thing owes when one of some steps, named by their ids, changes."""

    act: str
    subject: str
    on: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in words, which also name it in the ledger."""
        return f"{self.act} of {self.subject}"

    def asked_by(self, steps: Collection[str]) -> list[str]:
        """Return those of some steps that it listens to; the id of a loop stands for all its items."""
        return [step for step in steps if step in self.on or step.partition("[")[0] in self.on]


class Dutiful:
    """What a resource type says of its duties; the defaults are those of a type that has none."""

    fleeting: ClassVar[tuple[str, ...]] = ()
    """Keys of a State that tell what is still to be done, not what the thing is: no revert puts them back."""

    @classmethod
    def owing(cls, params: Mapping[str, Any]) -> tuple[Duty, ...]:
        """Return what a thing with these parameters owes when other steps change."""
        return ()

    @classmethod
    def follows(cls, params: Mapping[str, Any], goal: Optional[State]) -> tuple[str, ...]:
        """Return the ids of the steps that a revert must put back before this thing can be put back."""
        return ()

    def mark(self, act: str) -> str:
        """Look, and return what differs once the act was done after now; empty: nobody there could owe it."""
        raise NotImplementedError

    def is_done(self, act: str, mark: str) -> bool:
        """Look, and tell whether the act was done since the mark was taken, or is not needed any more."""
        raise NotImplementedError

    def perform(self, act: str) -> None:
        """Do what is owed. Raises a CutterError."""
        raise NotImplementedError


def act_of(duty: str) -> str:
    """Return the act of a duty in words."""
    return duty.partition(" of ")[0]


class Obligation:
    """What one run may have come to owe on one target.

    `on` are the steps that have asked for it, or may have, each with the mark that a look after its change
    found. Open as long as there are any. The machine is told by its `identity`, and by its name where that
    tells nothing; `settled_as` are other names of it under which a look has found it done. `stranger` is the
    identity of another machine that has the name now, and `names` what else the machine was called last.
    """

    def __init__(self, body: Mapping[str, Any], duty: str, on: Collection[str]) -> None:
        """Begin with what was recorded before the first effect: any of the steps may come to ask for it."""
        self.run: str = body["run"]
        self.runbook: str = body["runbook"]
        self.target: str = body["target"]
        self.identity: str = body.get("identity", "")
        self.duty = duty
        self.listens = frozenset(on)
        self.on: dict[str, Optional[str]] = dict.fromkeys(on)
        self.settled_as: set[str] = set()
        self.stranger = ""
        self.names: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """Return it for a reader that is a program."""
        about = {"run": self.run, "runbook": self.runbook, "target": self.target, "identity": self.identity}
        now = {"name_is_now": self.stranger, "names_now": list(self.names)}
        return {**about, **now, "owed": self.duty, "changed": sorted(self.on)}

    def is_of(self, target: str, identity: str) -> bool:
        """Tell whether it is owed on the machine that has this name and identity."""
        mine, others = _sure(self.identity), _sure(identity)
        return mine == others if mine and others else target == self.target


def fold_obligations(entries: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Obligation]:
    """Return what is still owed, oldest first, from (kind, body) of the entries in order.

    What is done by the revert of a run is done to what that run has changed.
    """
    found: list[Obligation] = []
    takes_back: dict[str, str] = {}
    last: dict[str, str] = {}
    for kind, body in entries:
        if _sure(body.get("identity", "")):
            last[body["target"]] = body["identity"]
        if kind == "obligation":
            found += [Obligation(body, duty, on) for duty, on in body["owed"].items()]
        elif kind == "run":
            takes_back[body["run"]] = body.get("reverts") or body["run"]
        elif kind == "resolve":
            _resolve(found, body)
        else:
            of_run = takes_back.get(body["run"], body["run"])
            steps = [{**body, **step} for step in body["steps"]] if kind == "intent" else [body]
            _tell_all(found, of_run, steps)
    still = [each for each in found if each.on]
    for each in still:
        _name(each, last)
    return still


def marks_of(obligations: Iterable[Obligation], target: str, identity: str) -> dict[str, Marks]:
    """Return what is owed on a machine, given by name and identity: by duty, the marks that must differ."""
    owed: dict[str, Marks] = {}
    for each in obligations:
        if each.is_of(target, identity) and target not in each.settled_as:
            owed[each.duty] = tuple(dict.fromkeys((*owed.get(each.duty, ()), *each.on.values())))
    return owed


def _sure(identity: str) -> str:
    """Return an identity that tells a machine from every other; a host name is none, it is easily altered."""
    return "" if identity.startswith("hostname:") else identity


def _name(owed: Obligation, last: Mapping[str, str]) -> None:
    """Say what the machine was called last, and who has its name now, by the last identity of each name."""
    mine = _sure(owed.identity)
    if mine and last[owed.target] != mine:
        owed.stranger = last[owed.target]
    owed.names = tuple(sorted(name for name, found in last.items() if found == mine and name != owed.target))


def _tell_all(found: Iterable[Obligation], run: str, told: Sequence[Mapping[str, Any]]) -> None:
    for owed in found:
        for each in told:
            _tell(owed, run, each)


def _tell(owed: Obligation, run: str, told: Mapping[str, Any]) -> None:
    """Tell an obligation of evidence, or of an intent, which has no outcome yet.

    Done under another name of the machine is not done under its own: should two machines have one identity,
    as copies of a disk do, a look at the one proves nothing of the other.
    """
    if owed.duty in told.get("settled", ()) and owed.is_of(told["target"], told.get("identity", "")):
        if told["target"] == owed.target:
            owed.on.clear()
        else:
            owed.settled_as.add(told["target"])
    elif told["target"] == owed.target and run == owed.run and told["step"] in owed.listens:
        if _touched(told):
            owed.settled_as.clear()
            owed.on[told["step"]] = told.get("marks", {}).get(owed.duty)
        else:
            owed.on.pop(told["step"], None)


def _resolve(found: Iterable[Obligation], word: Mapping[str, Any]) -> None:
    """Hear a person say that one thing is not to be done any more; another word is about a halt."""
    meant = word["resolves"], word.get("owed"), word.get("target")
    for owed in found:
        if meant == (owed.run, owed.duty, owed.target):
            owed.on.clear()


def _touched(told: Mapping[str, Any]) -> bool:
    if told.get("outcome") == "failed":
        moved = told.get("observed") != told.get("before") or bool(told.get("world"))
        return moved or told.get("guard") == "taken back"  # it was otherwise for a while
    return told.get("outcome", "unknown") in _TOUCHED
