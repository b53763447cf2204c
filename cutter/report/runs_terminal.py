"""The history of runs for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cutter.model.evidence import Outcome
from cutter.model.obligations import Obligation, act_of
from cutter.model.runs import RunRecord
from cutter.model.state import Change
from cutter.model.unconfirmed import Unconfirmed
from cutter.report.plan_text import change_words
from cutter.report.run_text import counts_text, indented
from cutter.report.style import paint, printable

Owed = tuple[Obligation, str]
"""What is owed, and the command by which a person ends it where nobody is to do it any more."""


def print_runs(
    runs: Sequence[RunRecord], owed: Sequence[Owed], left: Sequence[Unconfirmed], *, colour: bool
) -> None:
    """Print one line a run, in columns that fit the longest entry; then what is owed, and not confirmed."""
    if not runs:
        print("no runs yet")  # noqa: T201 - this module writes to the terminal
    else:
        _print_rows(runs, colour=colour)
    for line in (
        *(_owed_text(*each, colour=colour) for each in owed),
        *(_unconfirmed_text(each, colour=colour) for each in left),
    ):
        print(line)  # noqa: T201 - as above


def _print_rows(runs: Sequence[RunRecord], *, colour: bool) -> None:
    rows = [_row(run) for run in runs]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for run, row in zip(runs, rows, strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        print(paint(line, _role(run), colour=colour))  # noqa: T201 - as above


def run_text(run: RunRecord, owed: Sequence[Owed], left: Sequence[Unconfirmed], *, colour: bool) -> str:
    """Return one run whole: who, when, how it ended, each step touched, and what is still open about it."""
    lines = [
        paint(f"run {run.run}", "strong", colour=colour) + f"  {run.verb} {run.runbook}",
        f"  started {run.started} by {printable(run.actor)}",
        f"  {run.state}"
        + (f" {run.ended}, exit {run.exit_code}" if run.ended else "")
        + f": {_outcomes(run)}",
    ]
    lines += [f"  under runbook {run.runbook_digest}"] if run.runbook_digest else []
    lines += [f"  under gap matrix {run.matrix_digest}"] if run.matrix_digest else []
    lines += [line for item in run.evidence for line in _step_lines(item, colour=colour)]
    lines += [line for told in run.left_out for line in _left_out_lines(told)]
    lines += [
        paint(f"  unknown  {step['step']}", "bad", colour=colour)
        + f"  [{target}] begun, and no outcome recorded"
        for target, step in run.unknown()
        if run.state == "unsettled"
    ]
    lines += [_owed_text(*each, colour=colour) for each in owed]
    lines += [_unconfirmed_text(each, colour=colour) for each in left]
    return "\n".join(lines)


def _left_out_lines(told: Mapping[str, Any]) -> Iterator[str]:
    for step in told["steps"]:
        yield f"  not here {printable(step['step'])}  [{told['target']}] {printable(step['reason'])}"


def _owed_text(owed: Obligation, resolve: str, *, colour: bool) -> str:
    """Return what is owed, since when and why, and what sees to it."""
    mark = paint(f"  owed     {printable(owed.duty)}", "change", colour=colour)
    unsure = any(found is None for found in owed.on.values())
    why = f"{', '.join(sorted(owed.on))} {'may have changed' if unsure else 'changed'} in run {owed.run}"
    other = f"another runbook with {act_of(owed.duty)}_on for it"
    remedy = f"apply {owed.runbook} again, or {other}; it is done then"
    remedy += f"; where none has one any more: {printable(resolve)}"
    return f"{mark}  [{owed.target}] {printable(why)}{printable(_where(owed))}; {remedy}"


def _unconfirmed_text(left: Unconfirmed, *, colour: bool) -> str:
    """Return what is neither confirmed nor taken back, and what a person can do."""
    steps = printable(", ".join(left.steps) or "steps nobody can name")
    mark = paint(f"  {left.state:<8} {steps}", "bad", colour=colour)
    return f"{mark}  [{left.target}] {printable(left.cause)}; {printable(left.remedy)}"


def _where(owed: Obligation) -> str:
    """Say on which machine, where the name alone would mislead."""
    called = f"called {' and '.join(owed.names)} now" if owed.names else ""
    if owed.stranger:
        known = called or "it is not known what that is called now"
        return f", on {owed.identity} ({known}), not on {owed.stranger}, which has the name now"
    return f", on a machine also {called}" if called else ""


def _row(run: RunRecord) -> tuple[str, ...]:
    code = "" if run.exit_code is None else f"exit {run.exit_code}"
    unknown = ", ".join(step["step"] for _, step in run.unknown())
    told = _outcomes(run) + (f"; unknown: {unknown}" if unknown else "")
    return (run.run, run.verb, run.runbook, run.state, code, told)


def _outcomes(run: RunRecord) -> str:
    return counts_text(run.outcomes) if run.ended else f"{len(run.evidence)} outcomes recorded"


def _role(run: RunRecord) -> str:
    return {0: "good", None: "change"}.get(run.exit_code, "bad")


def _step_lines(item: Mapping[str, Any], *, colour: bool) -> Iterator[str]:
    outcome = Outcome(item["outcome"])
    role = "good" if outcome.success else "bad"
    words = item.get("reason") or ""
    if outcome is Outcome.CHANGED:
        words = change_words(Change(item.get("before"), item.get("after")))
    mark = paint(f"  {outcome.value:<8} {item['step']}", role, colour=colour)
    yield f"{mark}  [{item['target']}] {indented(words)}".rstrip()
