"""A gate: nothing after it is begun unless every gap that blocks the first production run is closed now.

As a step it counts what its own run has shown; in a preflight, with ``scope: outside``, it is about what the
run does not close itself:

    - name: Gate
      gate: {scope: all}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cutter.errors import GapOpen
from cutter.model.gate import GateLook, told
from cutter.model.state import Change, State
from cutter.resource import Content, Desk, Resource, param

_SUCCESS = ("ok", "changed")
_CLOSED = "closed"


class Gate(Resource):
    """Every gap that blocks is closed: by evidence in a ledger that verifies, and by a fresh look.

    Of the steps of its own runbook only what this very run recorded counts; of all others the newest
    evidence, and a plan made at this moment that finds nothing to do. Otherwise it is refused (exit 17), and
    names each gap with its next action and command. What it said is recorded, and never said again for a
    later run.
    """

    scope: Literal["all", "outside"] = param(
        "All that blocks, or only what the runbook does not close itself.", default="all"
    )
    runbook: str = param("The runbook it stands in.", default="", internal=True)

    event = True
    _told: tuple[State | None] | None = None

    def __init__(self, params: Mapping[str, Any], digest_key: bytes = b"") -> None:
        """Take checked parameters; a gate over everything is an event of its run."""
        super().__init__(params, digest_key)
        self.each_run = self.scope == "all"

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Note in which runbook it stands."""
        return {**params, "runbook": desk.runbook()}

    def desired(self) -> State | None:
        """Return that all are closed."""
        return {"verdict": _CLOSED, "subject": self.runbook, "scope": self.scope}

    def observe(self) -> State | None:
        """Return the recorded verdict, in a run that of this run; outside its runbook, what is so now.

        Raises GapOpen and LedgerError where it is about what others close, and they have not.
        """
        if self._told is not None:
            return self._told[0]
        if self.scope == "outside":
            return self._judged()
        return self._recorded()

    def apply(self, change: Change, content: Content) -> None:
        """Give the verdict. Raises GapOpen, LedgerError. Taking it back forgets it for this look alone."""
        del content
        self._told = (None,)
        if change.after is not None:
            self._told = (self._judged(),)

    def _judged(self) -> State:
        found: GateLook = self.there.scope.look_at_gaps(
            self.runbook, self.there.run, inside=self.scope == "all"
        )
        accepted = self.there.scope.accepted
        if accepted is not None and accepted.matrix != found.matrix:
            again = "put it back, make a new plan, and a new request of it"
            raise GapOpen("the gap matrix is another than the one that was approved", remedy=again)
        if found.open:
            raise GapOpen(told(found.open), remedy=found.open[0].command)
        return {**(self.desired() or {}), "matrix": found.matrix, "gaps": " ".join(found.closed)}

    def _recorded(self) -> State | None:
        """Return the newest verdict about this runbook on this database."""
        identity, newest = self.there.identity(), None
        for _, _, body in self.there.entries({"evidence"}):
            if body.get("type") == "gate" and body.get("identity") == identity:
                seen = body.get("observed") or body.get("after") or {}
                mine = self.there.run in ("", body.get("run")) and seen.get("scope") == self.scope
                if mine and seen.get("subject") == self.runbook:
                    newest = seen if body["outcome"] in _SUCCESS else None
        return newest
