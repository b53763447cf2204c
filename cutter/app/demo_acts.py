"""What a demonstration types, in which order, and how each command is to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cutter.errors import ApprovalRefused, StalePlan
from cutter.named_tuple import NamedTuple

FIRST = "runbooks/first-production-run.yml"
CUT = "CUT"
"""Stands for the cut that was made, which is named only after it was."""
_BEFORE, _ALL = 3, 8
_DRIFT = 2
_LISTED = 64


class Act(NamedTuple):
    """One command: its words after `cutter`, who types it, how it ends, and a sentence before it.

    `closed` is how many gaps are to be closed then, where that is asked.
    """

    words: Sequence[str]
    code: int = 0
    by: str = ""
    told: str = ""
    closed: int | None = None


class Scene(NamedTuple):
    """What belongs together, under one title."""

    title: str
    acts: Sequence[Act]


def scenes(keys: Mapping[str, str]) -> Sequence[Scene]:
    """Return the whole play; `keys` are the fingerprints by person."""
    return (_beginning(), _machine(), _copies(keys), _request(keys), _run(keys), _end(), _back())


def _beginning() -> Scene:
    return Scene("Nothing is shown yet, so nothing is closed", [Act(["gaps"], closed=0)])


def _machine() -> Scene:
    runbooks = [f"runbooks/{name}.yml" for name in ("provision-vps", "sandbox-elsewhere", "gap5")]
    return Scene("The machine: folders, the backup key, the wiring", [Act(["apply", "--yes", *runbooks])])


def _copies(keys: Mapping[str, str]) -> Scene:
    ruling = "runbooks/documents/f3-ruling.md"
    names = ("f3-ruling", "f2", "f3", "f4", "gap6", "gap8")
    return Scene(
        "A ruling is signed, and what can be tried without writing is tried",
        [
            _signed(ruling, "alice", "SG_1", keys),
            _signed(ruling, "bob", "SG_2", keys),
            Act(["apply", "--yes", *(f"runbooks/{name}.yml" for name in names)]),
            Act(["gaps"], closed=_BEFORE),
        ],
    )


def _request(keys: Mapping[str, str]) -> Scene:
    unsigned = "A plan that nobody has signed does not run."
    once = "One signature of two is none."
    return Scene(
        "The first production run is planned, and two people are asked",
        [
            Act(["preflight", FIRST]),
            Act(["plan", FIRST, "-o", "first.plan"]),
            Act(["apply", "--yes", "first.plan"], ApprovalRefused.exit_code, told=unsigned),
            Act(["request", "first.plan", "--key", keys["dave"]], by="dave"),
            _signed("first.request", "alice", "SG_1", keys),
            Act(["apply", "--yes", "first.request"], ApprovalRefused.exit_code, told=once),
            _signed("first.request", "bob", "SG_2", keys),
        ],
    )


def _run(keys: Mapping[str, str]) -> Scene:
    del keys
    used = "An approval is for one run, and so is a plan."
    return Scene(
        "It is run, exactly and once",
        [
            Act(["preflight", FIRST, "--request", "first.request"]),
            Act(["apply", "--yes", "first.request"]),
            Act(["apply", "--yes", "first.request"], ApprovalRefused.exit_code, told=used),
            Act(["apply", "--yes", "first.plan"], StalePlan.exit_code),
        ],
    )


def _end() -> Scene:
    acts = [
        Act(["gaps"], closed=_ALL),
        Act(["verify", FIRST]),
        Act(["switch", "status"]),
        Act(["ledger", "verify"]),
    ]
    return Scene("What is so now, by evidence", acts)


def _back() -> Scene:
    drift = "A fresh look says so, and the matrix goes by it."
    return Scene(
        "The cut is taken back; its approval allows that, for a while",
        [
            Act(["revert"], _LISTED, told="What could be taken back:"),
            Act(["revert", "--yes", CUT]),
            Act(["verify", FIRST], _DRIFT, told=drift),
            Act(["gaps"], closed=_ALL),
        ],
    )


def _signed(path: str, who: str, role: str, keys: Mapping[str, str]) -> Act:
    return Act(["approve", "--yes", path, "--role", role, "--key", keys[who]], by=who)
