"""A last look at what was cut and enacted, when the kill switch is off again: by connections of its own.

As a step:

    - name: Verification
      verification:
        source: documents/reading-room.md
        grammar: documents/reading-room.grammar.yml
        effective_from: "2026-07-01"
"""

from __future__ import annotations

from typing import Any

from cutter.cut import lifecycle
from cutter.cut.account import account_of
from cutter.cut.declared import declared
from cutter.cut.documents import HIGHEST_VERSION
from cutter.cut.reading import counted, reading, seen_cut
from cutter.errors import StepFailed
from cutter.model.state import Change, State
from cutter.resource import Content, Desk, Resource, param

_RECORDS = "cut, verify, enact"


class Verification(Resource):
    """Rows and root hash, the version in force, the governance chain with its records, the switch.

    Nothing of it is taken from the run that cut: the text is planned anew, and the database is asked by a
    reader's connection that was made for it. It changes nothing; what differs fails it.
    """

    source: str = param("The text, relative to the runbook's folder.")
    grammar: str = param("How it is cut, relative to the runbook's folder.")
    version: int = param("The number of the version.", default=1, minimum=1, maximum=HIGHEST_VERSION)
    effective_from: str = param(
        "The first day in force: YYYY-MM-DD, quoted.", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
    )
    document_ref: str = param("The document, as its grammar names it.", default="", internal=True)
    rules: dict[str, Any] = param("The grammar.", default=None, internal=True)
    counts: list[Any] = param(
        "The units of each section type.", default=None, internal=True, schema={"type": "array"}
    )
    pin: str = param("The digest of the planned rows.", default="", internal=True)
    root: str = param("The root hash over the rows as they are written.", default="", internal=True)

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Plan the cut of the text. Raises InvalidDocument for whatever in it is ambiguous."""
        return {**params, **declared(params, desk)}

    def desired(self) -> State | None:
        """Return everything as it is to be found."""
        return {
            "units": counted(dict(self.counts)),
            "pin": self.pin,
            "root": self.root,
            "state": "enacted",
            "effective_from": self.effective_from,
            "effective_until": None,
            "governance": "unbroken",
            "recorded": _RECORDS,
            "switch": "off",
        }

    def observe(self) -> State | None:
        """Return the same as it is now; None while the version has no cut."""
        with reading(self.there.by_role) as connection:
            seen = seen_cut(connection, self.document_ref, self.version)
            if seen is None:
                return None
            stands = lifecycle.standing(connection, self.document_ref, self.version)
            account = account_of(connection, self.document_ref, self.version)
        began, ended = (stands.effective_from, stands.effective_until) if stands else (None, None)
        return {
            "units": counted(seen.section_types),
            "pin": seen.pin,
            "root": seen.root,
            "state": stands.state if stands else "draft",
            "effective_from": None if began is None else began.isoformat(),
            "effective_until": None if ended is None else ended.isoformat(),
            "governance": account.fault or "unbroken",
            "recorded": ", ".join(account.recorded) or "nothing",
            "switch": f"on for {', '.join(account.switched_on)}" if account.switched_on else "off",
        }

    def apply(self, change: Change, content: Content) -> None:
        """Raise StepFailed: what differs is for a person, and nothing here can make it so."""
        del content
        before = change.before or {}
        found = "; ".join(f"{key} is {before.get(key, 'nothing')}" for key in sorted(change.keys))
        raise StepFailed(
            f"{self.document_ref} version {self.version} is not as declared: {found}",
            remedy="cutter runs show RUN tells what was done; a person must look",
        )
