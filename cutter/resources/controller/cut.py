"""A cut: the units of one version of a document as rows, each under its address, verified by a manifest.

As a step:

    - name: Cut of the reading room
      cut: {source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml}
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from cutter.cut import compensation
from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.carried import unpacked
from cutter.cut.cutplan import Cutplan
from cutter.cut.declared import declared
from cutter.cut.documents import HIGHEST_VERSION, cut_name
from cutter.cut.live import LiveDryRun, LiveReadOnly
from cutter.cut.planned_once import planned_once
from cutter.cut.reading import SHOWN, CutSeen, altered_units, counted, reading, seen_cut
from cutter.cut.recorders import RunContext
from cutter.cut.taking_back import take_back
from cutter.cut.telling import heard_by
from cutter.errors import Conflict, StalePlan
from cutter.model.state import Change, State
from cutter.resource import Content, Desk, Resource, param

_NOTHING = "nothing"


class Cut(Resource):
    """The rows of one version of a document. It is written from the text that the database holds.

    Its inverse is the compensation of the cut and of its enactment, recorded as such. A row that was altered
    is named, and left for a person.
    """

    source: str = param("The text that was loaded, relative to the runbook's folder.")
    grammar: str = param("How it is cut, relative to the runbook's folder.")
    version: int = param("The number of the version.", default=1, minimum=1, maximum=HIGHEST_VERSION)
    expect: dict[str, int] | None = param(
        "How many units there must be of each section type, over the grammar's own counts.",
        default=None,
        schema={"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    )
    document_ref: str = param("The document, as its grammar names it.", default="", internal=True)
    rules: dict[str, Any] = param("The grammar.", default=None, internal=True)
    counts: list[Any] = param(
        "The units of each section type.", default=None, internal=True, schema={"type": "array"}
    )
    pin: str = param("The digest of the planned rows.", default="", internal=True)
    root: str = param("The root hash over the rows as they are written.", default="", internal=True)

    provable = True

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Plan the cut of the text. Raises InvalidDocument for whatever in it is ambiguous."""
        return {**params, **declared(params, desk)}

    def desired(self) -> State | None:
        """Return the counts, the pin, the root hash, and that nothing is altered."""
        return _state(dict(self.counts), self.pin, self.root, _NOTHING)

    def observe(self) -> State | None:
        """Return the same of the rows that are there, looked at afresh, and the names of altered ones."""
        with reading(self.there.by_role) as connection:
            seen = seen_cut(connection, self.document_ref, self.version)
        if seen is None:
            return None
        is_whole = seen.root == self.root and not seen.doubts
        altered = _NOTHING if is_whole else self._altered(seen)
        return _state(seen.section_types, seen.pin, seen.root, altered)

    def apply(self, change: Change, content: Content) -> None:
        """Cut, record and verify in one transaction; or compensate the cut and its enactment."""
        if change.after is None:
            self._compensate()
        elif change.before is not None:
            raise Conflict(
                f"the cut of version {self.version} of {self.document_ref} is not as it was written",
                remedy="a person must look at the rows named; a cut is never altered in place",
            )
        else:
            self._write(str(change.after["pin"]))

    def ready(self, change: Change, content: Content) -> None:
        """Raise StalePlan, naming it, when something depends on a cut that is to be taken back."""
        if change.removes:
            planned = self._compensation()
            if planned is not None:
                compensation.refuse_dependants(planned)

    def places(self) -> tuple[str, ...]:
        """Return the cut, which stands in the way of its document's removal."""
        return (cut_name(self.document_ref, self.version),)

    def summary(self, change: Change) -> str:
        """Return what comes or goes."""
        if change.creates or change.removes:
            state = (change.after if change.creates else change.before) or {}
            return f"{'+' if change.creates else '-'}{state['cut']}"
        return f"altered: {(change.before or {}).get('altered', '')}"

    def _planned(self) -> Cutplan:
        """Return the plan of the text that the database holds; a rehearsal tries it to the end."""
        grammar, expect = unpacked(self.rules), tuple((self.expect or {}).items())
        words = (self.there.by_role, self.document_ref, self.version)
        with heard_by(self.there.progress):
            if self.there.rehearsing:
                return LiveDryRun(*words).dry_run(grammar, expect)
            return planned_once(LiveReadOnly(*words).discover(grammar, expect))

    def _altered(self, seen: CutSeen) -> str:
        planned = self._planned()
        with reading(self.there.by_role) as connection:
            names = ", ".join(_few(altered_units(connection, seen, planned)))
        if not names and seen.root == self.root:
            return f"the cut's own account ({', '.join(seen.doubts)})"
        return names or "the root hash, by another plan"

    def _write(self, pin: str) -> None:
        planned = self._planned()
        if planned.pin != pin:
            raise StalePlan(
                f"the text in the database is cut otherwise than planned: pin {planned.pin}, planned {pin}",
                remedy="plan again",
            )
        counts = dict(self.counts)
        run = RunContext(self.there.run, sum(counts.values()), counts)
        with ProductionLiveExecutionAdapter(self.there.by_role, run, self.there.progress) as adapter:
            adapter.execute(planned)

    def _compensation(self) -> compensation.CompensationPlan | None:
        with reading(self.there.by_role) as connection:
            seen = seen_cut(connection, self.document_ref, self.version)
            return None if seen is None else compensation.planned(connection, seen.cut_id)

    def _compensate(self) -> None:
        planned = self._compensation()
        if planned is None:
            return
        compensation.refuse_dependants(planned)
        take_back(self.there.by_role, planned, self.there.run)


def _state(counts: Any, pin: str, root: str, altered: str) -> State:
    return {"cut": counted(counts), "pin": pin, "root": root, "altered": altered}


def _few(names: Iterator[str]) -> Iterator[str]:
    yield from islice(names, SHOWN)
    if next(names, None) is not None:
        yield "and more"
