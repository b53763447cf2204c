"""Evidence that no longer holds once a cut or an enactment is taken back, whatever run gathered it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cutter.agent.requests import RevertRequest
from cutter.engine.recording import Recording
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.evidence import Evidence, Outcome
from cutter.named_tuple import NamedTuple

OF_A_CUT = ("cut", "enact")
"""The types whose steps say something of a cut: what the compensation of one takes back."""


class Version(NamedTuple):
    """One version of a document."""

    document_ref: str
    version: int

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.document_ref} version {self.version}"


class Seen(NamedTuple):
    """A step that was seen to be as declared, in the runbook and on the target it belongs to."""

    runbook: str
    target: str
    step: str
    type: str
    content_hash: str


def contradicted(
    ledger: SqliteLedger, identity: str, version: Version, *, types: Collection[str] = OF_A_CUT, pin: str = ""
) -> tuple[Seen, ...]:
    """Return the steps, of any runbook, whose newest evidence says that a cut or an enactment is there.

    `identity` is the database's. A step of which nobody can tell what document it is about is among them:
    better looked at once too often. `pin` is that of the cut, where one is taken back.
    """
    bodies = [
        body
        for body in (entry.content() for entry in ledger.entries(kinds={"evidence"}))
        if body.get("type") in types and body.get("identity") == identity
    ]
    about = {body["content_hash"]: _version_of(body) for body in bodies if body.get("params")}
    newest = {_seen(body): body for body in bodies}
    return tuple(
        seen
        for seen, body in newest.items()
        if Outcome(body["outcome"]).success
        and about.get(seen.content_hash, version) == version
        and _has_pin(body, pin)
    )


def withdraw(recording: Recording, identity: str, steps: Iterable[Seen], reason: str) -> None:
    """Note that nobody knows any more how these steps stand; durable with the intents that follow."""
    for seen in steps:
        evidence = Evidence(seen.step, seen.type, seen.content_hash, Outcome.UNKNOWN, reason=reason)
        recording.withdraw(seen.runbook, seen.target, identity, evidence)


def version_of(step: RevertRequest) -> Version:
    """Return the version of a document that a cut or an enactment is about."""
    return _version(step.type, step.params)


def _version_of(body: Mapping[str, Any]) -> Version:
    return _version(body["type"], body["params"])


def _version(kind: str, params: Mapping[str, Any]) -> Version:
    return Version(params["document_ref" if kind == "cut" else "document"], params.get("version", 1))


def _seen(body: Mapping[str, Any]) -> Seen:
    return Seen(body["runbook"], body["target"], body["step"], body["type"], body["content_hash"])


def _has_pin(body: Mapping[str, Any], pin: str) -> bool:
    """Tell whether evidence of a cut may be of the one with this pin."""
    observed = body.get("observed") or {}
    return not pin or observed.get("pin", pin) == pin
