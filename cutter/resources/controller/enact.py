"""A version of a document in force from a day on; the version before it ends on that day.

As a step:

    - name: Reading room in force
      enact: {document: reading-room, version: 1, effective_from: "2026-07-01"}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from cutter.cut import lifecycle
from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.documents import HIGHEST_VERSION
from cutter.cut.reading import reading
from cutter.cut.recorders import RunContext
from cutter.cut.roles import acting_as
from cutter.database.switch import demand
from cutter.errors import StalePlan
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Resource, param


class Enact(Resource):
    """A cut version put into force. The state machine in the database alone says what may follow what."""

    document: str = param("The document, as its grammar names it.")
    version: int = param("The number of the version.", default=1, minimum=1, maximum=HIGHEST_VERSION)
    effective_from: str = param(
        "The first day in force: YYYY-MM-DD, quoted.", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
    )

    provable = True

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Yield a complaint about a day that no calendar has."""
        day = params.get("effective_from", "")
        if "{{" not in day:
            try:
                date.fromisoformat(day)
            except ValueError:
                yield Complaint(("effective_from",), f"{day!r} is not a day of the calendar")

    def desired(self) -> State | None:
        """Return the state and the days it is in force."""
        return {"state": "enacted", "effective_from": self.effective_from, "effective_until": None}

    def observe(self) -> State | None:
        """Return where the version stands; None for a draft, and where there is no such version."""
        with reading(self.there.by_role) as connection:
            found = lifecycle.standing(connection, self.document, self.version)
        if found is None or found.state == "draft":
            return None
        return {
            "state": found.state,
            "effective_from": _written(found.effective_from),
            "effective_until": _written(found.effective_until),
        }

    def apply(self, change: Change, content: Content) -> None:
        """Enact, or take back the newest transition of this version."""
        del content
        if change.after is None:
            self._undo()
        elif change.after["state"] != "enacted":
            raise StalePlan(f"a version is not made {change.after['state']} by its enactment")
        else:
            run = RunContext(self.there.run, 0, {})
            day = date.fromisoformat(str(change.after["effective_from"]))
            with ProductionLiveExecutionAdapter(self.there.by_role, run) as adapter:
                adapter.lifecycle_enact(self.document, self.version, day)
                adapter.commit()

    def _undo(self) -> None:
        connection = self.there.by_role("enact")
        try:
            with acting_as(connection, "enact"):
                demand(connection, self.there.run)
                lifecycle.undo(connection, self.document, self.version, self.there.run)
            connection.commit()
        finally:
            connection.close()


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
