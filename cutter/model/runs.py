"""The history of runs, folded from the entries of a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional


class RunRecord:
    """One run as the ledger tells it. `exit_code` is None until the end is recorded.

    `left_out` says which steps were not for a target, and by which of its facts. `open` are the planned
    steps, by target and step, that the run set out to apply or to take back and whose outcome is not recorded
    since; `evidence` is what is recorded so far. `folders` are, by target, where the
    run put files aside for a moment. `reverts` is what it takes back: another run, or ``cut:DATABASE:ID``.
    """

    def __init__(self, body: Mapping[str, Any], started: str, actor: str) -> None:
        """Begin with what the first entry of a run says."""
        self.run: str = body["run"]
        self.verb: str = body["verb"]
        self.runbook: str = body["runbook"]
        self.runbook_digest: str = body.get("runbook_digest", "")
        self.matrix_digest: str = body.get("matrix_digest", "")
        self.reverts: str = body.get("reverts", "")
        self.started = started
        self.actor = actor
        self.ended = ""
        self.exit_code: Optional[int] = None
        self.outcomes: Mapping[str, int] = {}
        self.settled_by = ""
        self.identities: dict[str, str] = {}
        self.folders: dict[str, list[str]] = {}
        self.open: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.evidence: list[Mapping[str, Any]] = []
        self.left_out: list[Mapping[str, Any]] = []

    @property
    def state(self) -> str:
        """Say `finished`, `interrupted` (settled by a later run), or `unsettled` (no end is recorded)."""
        if self.exit_code is None:
            return "unsettled"
        return "interrupted" if self.settled_by else "finished"

    def unknown(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the intents whose outcome is not recorded, as target and planned step."""
        return [(target, step) for (target, _), step in self.open.items()]


def fold_runs(entries: Iterable[tuple[str, str, str, Mapping[str, Any]]]) -> dict[str, RunRecord]:
    """Return every run by its id, oldest first, from (kind, at, actor, body) of the entries in order."""
    runs: dict[str, RunRecord] = {}
    for kind, at, actor, body in entries:
        name = body.get("run")
        if kind == "run":
            runs[body["run"]] = RunRecord(body, at, actor)
        elif isinstance(name, str) and name in runs:
            _add(runs[name], kind, at, body)
    return runs


def _add(run: RunRecord, kind: str, at: str, body: Mapping[str, Any]) -> None:
    if kind == "intent":
        run.identities[body["target"]] = body["identity"]
        run.folders.setdefault(body["target"], []).extend(body.get("folders", ()))
        run.open.update({(body["target"], step["step"]): step for step in body["steps"]})
    elif kind == "left_out":
        run.left_out.append(body)
    elif kind == "evidence":
        run.evidence.append(body)
        if body["outcome"] != "unknown":
            run.open.pop((body["target"], body["step"]), None)
    elif kind == "end":
        run.ended, run.exit_code = at, body["exit_code"]
        run.outcomes, run.settled_by = body["outcomes"], body.get("settled_by", "")
