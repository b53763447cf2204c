"""What a proof found, as text: a line for each step, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping

from cutter.model.evidence import Evidence, Outcome
from cutter.report.run_text import counts_text
from cutter.report.style import paint, printable


def proof_line(target: str, evidence: Evidence, *, colour: bool = False) -> str:
    """Return what was found of one step, its residue or its reason, and what to do next."""
    role = "good" if evidence.outcome is Outcome.PROVED else "bad"
    mark = paint(f"  {evidence.outcome.value:<10} {evidence.step}", role, colour=colour)
    line = f"{mark}  [{target}] {printable(evidence.reason)}"
    return f"{line}\n    next: {printable(evidence.remedy)}" if evidence.remedy else line


def proof_verdict(
    runbook: str, run: str, counts: Mapping[str, int], exit_code: int, title: str, *, colour: bool
) -> str:
    """Return the one line that says how it ended."""
    said = "all rolled back, nothing stayed" if exit_code == 0 else f"exit {exit_code}: {title}"
    verdict = paint(said, "good" if exit_code == 0 else "bad", colour=colour)
    return f"{runbook}: {counts_text(counts)}; {verdict} (run {run})"
