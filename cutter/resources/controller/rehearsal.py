"""A rehearsal: steps tried out in a transaction that is always rolled back, and the verdict about them.

As a step:

    - name: Rehearsal of the cut
      rehearsal:
        where: copy
        steps:
          - document: {source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml}
          - cut: {source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from cutter.cut import schema_install
from cutter.cut.reading import reading
from cutter.cut.trial import Try, Verdict, on_a_copy, rehearsed, round_trip
from cutter.errors import ConfigurationError
from cutter.model.canonical import digest
from cutter.model.state import Change, Plain, State
from cutter.resource import Complaint, Content, Desk, Resource, param, type_complaints
from cutter.resources import place_of, resource_type

_SUCCESS = ("ok", "changed")


class Rehearsal(Resource):
    """A sound proof of steps as they are now, on this database, under its present schema.

    Its state is the newest verdict that the ledger has about them; a verify reads that again. On a copy the
    verdict is bound to the database the copy was made of, and says that it comes from a copy.
    """

    steps: list[Any] = param(
        "The steps, each its type and its parameters.", schema={"type": "array", "items": {"type": "object"}}
    )
    where: Literal["database", "copy"] = param(
        "The database itself, while its kill switch is on for the run, or a scratch copy of it.",
        default="database",
    )
    round_trip: bool = param(
        "On a copy: apply, take back, and apply again for real, comparing the logical state.", default=False
    )
    prepared: list[Any] = param(
        "The steps as prepared.", default=None, internal=True, schema={"type": "array"}
    )

    event = True
    _told: tuple[State | None] | None = None
    _copy = ""

    def __init__(self, params: Mapping[str, Any], digest_key: bytes = b"") -> None:
        """Take checked parameters; a rehearsal on the database itself is one for the run that follows."""
        super().__init__(params, digest_key)
        self.each_run = self.where == "database"

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Yield complaints about steps that are not steps, or cannot be rehearsed."""
        for index, step in enumerate(params.get("steps", ())):
            names = list(step)
            if len(names) != 1:
                yield Complaint(("steps", index), "has to be one type with its parameters")
            elif place_of(names[0]) != "controller" or not resource_type(names[0]).provable:
                yield Complaint(("steps", index, names[0]), "is no type that can be rehearsed")
            else:
                found = type_complaints(resource_type(names[0]), step[names[0]])
                yield from (Complaint(("steps", index, names[0], *each.path), each.message) for each in found)
        if not params.get("steps"):
            yield Complaint(("steps",), "is empty, which nothing can prove")
        if params.get("round_trip") and params.get("where") != "copy":
            yield Complaint(("round_trip",), "is done on a copy: where: copy")

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Prepare each step as if it stood by itself."""
        pairs = [next(iter(step.items())) for step in params["steps"]]
        prepared = [[name, resource_type(name).prepare(dict(given), desk)] for name, given in pairs]
        return {**params, "prepared": prepared}

    def desired(self) -> State | None:
        """Return a proof of these steps, under the schema that is there now."""
        return self._declared(self._schema())

    def observe(self) -> State | None:
        """Return the newest verdict about these steps on this database; None where it does not hold.

        On the database itself, a run has its own or none.
        """
        self._schema()
        if self._told is not None:
            return self._told[0]
        identity, subject = self.there.identity(), self._subject()
        newest: State | None = None
        for _, _, body in self.there.entries({"evidence"}):
            if body.get("type") == "rehearsal" and body.get("identity") == identity:
                about = body.get("after") or body.get("observed") or {}
                mine = not self.each_run or self.there.run in ("", body.get("run"))
                if mine and about.get("subject") == subject and about.get("where") == self.where:
                    newest = body.get("observed") if body["outcome"] in _SUCCESS else None
        return newest

    def apply(self, change: Change, content: Content) -> None:
        """Try the steps. Raises Breached, Unprovable, ProofFailed, or what a step raises by itself."""
        self._told = (None,)
        if change.after is not None:
            schema = self._schema()
            verdict = self._verdict(content)
            self._told = (self._state(verdict, schema),)

    def _verdict(self, content: Content) -> Verdict:
        context: Any = self.there
        if self.where == "database":
            return rehearsed(context, self._tries(), content)
        with on_a_copy(context) as copied:
            self._copy = copied.identity()
            verdict = rehearsed(copied, self._tries(), content, back=True)
            return round_trip(copied, self._tries(), content) if self.round_trip else verdict

    def _tries(self) -> list[Try]:
        return [
            Try(f"step {number} ({name})", resource_type(name)(params, self.digest_key))
            for number, (name, params) in enumerate(self.prepared, start=1)
        ]

    def _subject(self) -> str:
        return digest("rehearsal", {"steps": self.prepared, "round_trip": self.round_trip})

    def _declared(self, schema: str) -> dict[str, Plain]:
        return {"verdict": "proved", "subject": self._subject(), "schema": schema, "where": self.where}

    def _state(self, verdict: Verdict, schema: str) -> State:
        return {
            **self._declared(schema),
            **({"copy": self._copy} if self.where == "copy" else {}),
            "run": self.there.run,
            "statements": verdict.statements,
            "residue": "; ".join(verdict.residue) or "nothing",
            "excluded": "; ".join(verdict.excluded),
        }

    def _schema(self) -> str:
        with reading(self.there.by_role) as connection:
            files = schema_install.applied(connection)
            if not files:
                cause = "the schema cutter has no version"
                raise ConfigurationError(cause, remedy="apply the cut_schema step")
            schema_install.refuse_altered(connection)  # a proof under an altered schema proves nothing
        return schema_install.schema_digest(files)
