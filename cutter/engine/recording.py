"""What a run writes down, and when it becomes durable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from cutter.engine.obligations import Owed
from cutter.errors import CutterError, Unrecorded
from cutter.model.canonical import Texts
from cutter.model.evidence import Evidence
from cutter.model.plan import TargetPlan

Note = tuple[str, Mapping[str, Any]]
"""The kind and the body of one entry of the ledger."""
Append = Callable[[Sequence[Note]], object]
"""Writes entries durably, all or none, before it returns."""

_STATES = ("before", "after", "observed")
LEFT_OUT = "left_out"
"""The kind of the entries that say which steps are not for a target."""


class Recording:
    """The entries of one run. Nothing is durable until `commit`, so that a converged run costs one commit."""

    def __init__(self, append: Append, run: str, common: Mapping[str, Any]) -> None:
        """Write through `append`; `common` is said in every entry, beside the run."""
        self.append = append
        self.run = run
        self.common = common
        self.waiting: list[Note] = []
        self.begun = False
        self._touched: list[tuple[str, str]] = []
        self._texts = Texts()

    def declarations(self, body: Mapping[str, Any]) -> None:
        """Note what the gaps are declared to need, under which the evidence of this run is gathered."""
        self._note("matrix", body)

    def start(self, body: Mapping[str, Any]) -> None:
        """Note that the run begins."""
        self._note("run", body)

    def left_out(self, target: TargetPlan) -> None:
        """Note which steps are not for a target, if any, and why, with the facts of it that decided."""
        if target.left_out:
            steps = [each.body() for each in target.left_out]
            named = {"target": target.target, "identity": target.identity, "facts": dict(target.facts)}
            self._note(LEFT_OUT, {**named, "steps": steps})

    def intents(
        self, target: str, identity: str, steps: Sequence[Mapping[str, Any]], folders: Collection[str]
    ) -> None:
        """Make durable what the run is about to do on a target, before the first effect.

        Each step gives its id, its content hash, and its state before and after. `folders` are where the
        steps put files aside for a moment: should the run be killed, whoever settles it looks there.
        """
        self.intend(target, identity, steps, folders)
        self.begin()

    def intend(
        self, target: str, identity: str, steps: Sequence[Mapping[str, Any]], folders: Collection[str]
    ) -> None:
        """Note the same of one of several targets; durable once `begin` returns."""
        body = {"target": target, "identity": identity, "steps": list(steps), "folders": sorted(folders)}
        self._note("intent", body)

    def owe(self, target: str, identity: str, owed: Owed) -> None:
        """Note what the same target may come to owe; durable with the intents."""
        if owed.duties:
            self._note("obligation", {"target": target, "identity": identity, "owed": owed.duties})
        for doubted in owed.doubted:
            self._note("evidence", {"target": target, "identity": identity, **doubted.body()})

    def begin(self) -> None:
        """Make durable what was noted, and be begun."""
        self.commit()
        self.begun = True

    def evidence(self, target: str, identity: str, evidence: Evidence) -> None:
        """Note what came of a step; durable at the next commit."""
        self._note("evidence", {"target": target, "identity": identity, **self._body_of(evidence)})
        if evidence.touched:
            self._touched.append((target, evidence.step))

    def withdraw(self, runbook: str, target: str, identity: str, evidence: Evidence) -> None:
        """Note that what another run has seen of a step, perhaps of another runbook, no longer holds."""
        self._note(
            "evidence", {"target": target, "identity": identity, "runbook": runbook, **evidence.body()}
        )

    def refuse(self, target: str, why: CutterError) -> None:
        """Note that nothing was begun on a target, and why."""
        self._note("refusal", {"target": target, "exit_code": why.exit_code, "cause": why.cause})

    def halt(self, target: str, manual: Sequence[str]) -> None:
        """Make durable that nothing may run on a target until a person has done what is left to do."""
        self._note("halt", {"target": target, "manual": list(manual)})
        self.commit()

    def end(self, exit_code: int, counts: Mapping[str, int]) -> None:
        """Note how the run ended, and make everything durable."""
        self._note("end", {"exit_code": exit_code, "outcomes": dict(counts)})
        self.commit()

    def commit(self) -> None:
        """Make durable what has been noted. Raises Unrecorded when that fails after something was changed."""
        noted, self.waiting = self.waiting, []
        self._texts = Texts()
        try:
            if noted:
                self.append(noted)
        except CutterError as error:
            if not self._touched:
                raise
            raise self._unrecorded(error) from error

    def _unrecorded(self, error: CutterError) -> Unrecorded:
        return Unrecorded(
            f"what came of the run could not be recorded: {error.cause}",
            place=error.place,
            world=f"changed before that: {self._changed()}; what went on is not recorded: the next run looks",
            remedy=error.remedy or "put the ledger right, then run the same command again: it looks first",
        )

    def _changed(self) -> str:
        """Return the steps that changed something, each once however many targets it is on."""
        steps = ", ".join(dict.fromkeys(step for _, step in self._touched))
        targets = len({target for target, _ in self._touched})
        return f"{steps}, on {targets} targets" if targets > 1 else steps

    def _body_of(self, evidence: Evidence) -> Mapping[str, Any]:
        body = evidence.body()
        return body | {name: self._texts.of(body[name]) for name in _STATES if body.get(name)}

    def _note(self, kind: str, body: Mapping[str, Any]) -> None:
        self.waiting.append((kind, {"run": self.run, **self.common, **body}))
