"""A runbook as declared, and its steps as bound to one target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, Union

from cutter.model.obligations import Duty, Marks
from cutter.model.when import LeftOut, Term
from cutter.named_tuple import NamedTuple


class Position(NamedTuple):
    """A place in a text file; line and column start at 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return file:line:col, as editors understand it."""
        return f"{self.file}:{self.line}:{self.column}"


ValuePath = tuple[object, ...]
"""Where a value sits inside a document: keys and indexes from the top."""


class Step(NamedTuple):
    """One step as the runbook declares it: references unresolved, a loop not yet expanded.

    It is for those of the runbook's hosts that `hosts` names, or all, where all conditions of `when` hold.
    It goes back by itself unless a fresh connection confirms it within `confirm` seconds; 0: it stays.
    """

    id: str
    name: str
    type: str
    params: Mapping[str, Any]
    place: Position
    places: Mapping[ValuePath, Position]
    for_each: Any = None
    irreversible: Optional[str] = None
    provided_by: Optional[str] = None
    hosts: str = ""
    when: tuple[Term, ...] = ()
    confirm: int = 0


class KillSwitch(NamedTuple):
    """Around which steps the kill switch is on for the run; never longer than its lease, like ``15m``.

    `steps` are the declared ids of all steps from `on_before` to `off_after`.
    """

    on_before: str
    off_after: str
    lease: str
    steps: tuple[str, ...]


class Runbook(NamedTuple):
    """A runbook, immutable; `digest` covers its canonical content, so layout and comments change nothing.

    It acts on `hosts`, or on the one `database` where that is named. `serial` are the sizes of waves of
    hosts, and `max_fail` how many may fail before no other wave begins: numbers, or parts like ``20%``.
    """

    name: str
    title: str
    path: str
    hosts: str
    variables: Mapping[str, Any]
    preflight: tuple[Step, ...]
    steps: tuple[Step, ...]
    on_failure: str
    digest: str
    place: Position
    database: str = ""
    kill_switch: Optional[KillSwitch] = None
    serial: tuple[Union[int, str], ...] = ()
    max_fail: Union[int, str] = 0


class BoundStep(NamedTuple):
    """One step for one target, ready to be sent there.

    `id` is the declared id, or ``id[item]`` inside a loop. `params` hold plain values, secrets, and
    references to facts and step outputs, which the target resolves. `content` maps digests to the bytes a
    file should have. Whether it is for the target at all, the facts of `when` decide. `duties` are what it
    comes to owe when others change, `owed` what earlier runs have left it to do, by duty.
    """

    id: str
    declared_id: str
    name: str
    type: str
    params: Mapping[str, Any]
    place: Position
    content_hash: str
    content: Mapping[str, bytes] = {}
    irreversible: Optional[str] = None
    provided_by: Optional[str] = None
    when: tuple[Term, ...] = ()
    confirm: int = 0
    duties: tuple[Duty, ...] = ()
    owed: Mapping[str, Marks] = {}


class BoundRunbook(NamedTuple):
    """A runbook for one target: variables resolved, loops expanded, files read and templates rendered.

    `declared_ids` names every step of the runbook, also one whose loop has no items here. `left_out` are the
    steps, also of the preflight, whose `hosts` do not name this target.
    """

    runbook: Runbook
    target: str
    preflight: tuple[BoundStep, ...]
    steps: tuple[BoundStep, ...]
    declared_ids: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
