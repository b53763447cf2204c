"""What a run writes down, and when it becomes durable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cutter.model.evidence import Evidence

Note = tuple[str, Mapping[str, Any]]
"""The kind and the body of one entry of the ledger."""
Append = Callable[[Sequence[Note]], object]
"""Writes entries durably, all or none, before it returns."""


class Recording:
    """The entries of one run. Nothing is durable until `commit`, so that a converged run costs one commit."""

    def __init__(self, append: Append, run: str, common: Mapping[str, Any]) -> None:
        """Write through `append`; `common` is said in every entry, beside the run."""
        self.append = append
        self.run = run
        self.common = common
        self.waiting: list[Note] = []

    def start(self, body: Mapping[str, Any]) -> None:
        """Note that the run begins."""
        self._note("run", body)

    def intents(self, target: str, identity: str, steps: Sequence[Mapping[str, Any]]) -> None:
        """Make durable what the run is about to do on a target, before the first effect.

        Each step gives its id, its content hash, and its state before and after.
        """
        self._note("intent", {"target": target, "identity": identity, "steps": list(steps)})
        self.commit()

    def evidence(self, target: str, identity: str, evidence: Evidence) -> None:
        """Note what came of a step; durable at the next commit."""
        self._note("evidence", {"target": target, "identity": identity, **evidence.body()})

    def halt(self, target: str, manual: Sequence[str]) -> None:
        """Make durable that nothing may run on a target until a person has done what is left to do."""
        self._note("halt", {"target": target, "manual": list(manual)})
        self.commit()

    def end(self, exit_code: int, counts: Mapping[str, int]) -> None:
        """Note how the run ended, and make everything durable."""
        self._note("end", {"exit_code": exit_code, "outcomes": dict(counts)})
        self.commit()

    def commit(self) -> None:
        """Make durable what has been noted."""
        if self.waiting:
            self.append(self.waiting)
            self.waiting = []

    def _note(self, kind: str, body: Mapping[str, Any]) -> None:
        self.waiting.append((kind, {"run": self.run, **self.common, **body}))
