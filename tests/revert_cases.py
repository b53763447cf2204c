"""Words and looks that the tests of `cutter revert` share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governed_project import FILES

from cutter.cli import _revert_cut

if TYPE_CHECKING:
    import pytest
    from command_line import Answer
    from governed_project import GovernedProject

BACK = "20260101T000009Z-abcdef"
AGAIN = "20260101T000010Z-abcdef"
SECOND = f"""\
  - name: Load second
    document: {{{FILES[1:-1]}, version: 2, supersedes: 1}}
  - name: Cut second
    cut: {{{FILES[1:-1]}, version: 2}}
"""
ENACT_SECOND = """\
  - name: Enact second
    enact: {document: reading-room, version: 2, effective_from: "2026-09-01"}
"""
_PARTS = {
    "cuts": "SELECT cut_id, document_id FROM cutter.cut ORDER BY 1",
    "units": "SELECT count(*) FROM cutter.information_unit",
    "lifecycle": "SELECT document_id, state, effective::text FROM cutter.lifecycle ORDER BY 1",
}


@dataclass
class Cutter:
    """A project whose runbook at `path` was applied, and the commands that tests give in it."""

    project: GovernedProject
    monkeypatch: pytest.MonkeyPatch
    path: str

    def apply(self, path: str, run: str) -> None:
        """Apply a runbook as a run for which the switch is held on."""
        with self.project.switched_on(self.monkeypatch, run):
            answer = self.project.cutter("apply", "--yes", path)
        assert answer.code == 0, answer

    def second(self, *, enacted: bool = True) -> None:
        """Load and cut another text as version 2, and put it into force."""
        text = self.project.folder / "runbooks/documents/reading-room.md"
        text.write_text(text.read_text().replace("lamps", "lights"))
        steps = SECOND + (ENACT_SECOND if enacted else "")
        self.apply(self.project.governed(steps, "later"), "20260101T000005Z-abcdef")

    @contextmanager
    def switched_on(self, run: str = BACK) -> Iterator[None]:
        """Hold the switch on for the next command, whatever it reverts."""
        self.monkeypatch.setattr(_revert_cut, "new_run_id", lambda: run)
        with self.project.switched_on(self.monkeypatch, run):
            yield

    def revert(self, what: str, *words: str, run: str = BACK) -> Answer:
        """Revert without asking, with the switch held on."""
        with self.switched_on(run):
            return self.project.cutter("revert", "--yes", *words, what)

    def reverted(self, what: str, run: str = BACK) -> Any:
        """Revert, expect success, and return what it says to programs."""
        answer = self.revert(what, "--json", run=run)
        assert answer.code == 0, answer
        return json.loads(answer.out)

    def state(self) -> dict[str, list[Any]]:
        """Return what the database has of cuts, without records, which only grow."""
        return {name: self.project.sql(query) for name, query in _PARTS.items()}

    def compensations(self) -> list[Any]:
        """Return the runs of the records of compensated cuts, oldest first."""
        return self.project.sql(
            "SELECT run FROM cutter.governance_record WHERE kind = 'compensation'"
            " AND body::json ->> 'of' = 'cut' ORDER BY seq"
        )

    def gap(self) -> str:
        """Return the status of the one gap."""
        return str(self.project.json("gaps")["gaps"][0]["status"])
