"""The words that every form of the matrix shares."""

from __future__ import annotations

from collections.abc import Iterable

from cutter.model.gaps import (
    Baseline,
    GapDeclaration,
    GapState,
    GapStatus,
    MatrixStatus,
    ObjectiveStatus,
    StepStatus,
)

ROLE_OF_STATE = {GapState.CLOSED: "good", GapState.PARTIAL: "change", GapState.OPEN: "bad"}


def attested(baseline: Baseline) -> str:
    """Return a baseline as the roll-up has it: the status, and its note in brackets."""
    return f"{baseline.status} ({baseline.note})" if baseline.note else baseline.status


def blocks(declared: GapDeclaration) -> str:
    """Return whether a gap blocks the first production run, with the reason."""
    joint = " — " if declared.blocks == "yes" else " "
    return f"{declared.blocks}{joint}{declared.reason}" if declared.reason else declared.blocks


def now(gap: GapStatus) -> str:
    """Return the computed status, with what a reader must not miss about it."""
    notes = [*(["reopened"] if gap.reopened else []), *([rehearsed(gap)] if rehearsed(gap) else [])]
    return f"{gap.status.value} ({'; '.join(notes)})" if notes else gap.status.value


def rehearsed(gap: GapStatus) -> str:
    """Return when what is missing was proved, where all of it was, or that some was; else nothing."""
    if gap.rehearsed_on:
        return f"rehearsed on {gap.rehearsed_on.isoformat()}, not done"
    return "partly rehearsed" if any(step.rehearsed for step in gap.missing) else ""


def proof_of(step: StepStatus) -> str:
    """Return the proof of a step that is not done, with its entry and run; or nothing."""
    if not step.rehearsed or step.rehearsal is None:
        return ""
    record = step.rehearsal
    day = record.at.date().isoformat()
    return f"rehearsed on {day}, not done (entry {record.seq}, run {record.run})"


def drifts(gap: GapStatus) -> list[str]:
    """Return, for each step that does not hold, its name, target and reason."""
    return list(dict.fromkeys(f"{step.step} on {step.target}: {step.reason}" for step in gap.missing))


def steps(objective: ObjectiveStatus) -> str:
    """Return what an objective asks for."""
    declared = objective.declaration
    named = "all steps" if declared.steps == "all" else f"steps {', '.join(declared.steps) or '(none)'}"
    return f"{declared.runbook}: {named}" + (" (proof)" if declared.proof else "")


def summary(status: MatrixStatus) -> str:
    """Return the matrix in sentences: how many gaps are how far, and what blocks the first production run."""
    counts = [
        f"{sum(1 for gap in status.gaps if gap.status is state)} {state.value}"
        for state in reversed(GapState)
    ]
    reopened = [gap.declaration.id for gap in status.gaps if gap.reopened]
    again = f" Reopened: {_joined(reopened)}." if reopened else ""
    blocking = [gap.declaration.id for gap in status.blocking]
    run = f"is blocked by {_joined(blocking)}" if blocking else "is blocked by no gap"
    return f"Of {len(status.gaps)} gaps, {_joined(counts)}.{again} The first production run {run}."


def lapses(status: MatrixStatus) -> list[str]:
    """Return, for each step beside the gaps that is no longer as it was, what is known of it."""
    return [
        f"{each.runbook}: {each.step} on {each.target} is no longer as it was: {each.record.outcome.value}"
        + (f", {each.record.reason}" if each.record.reason else "")
        for each in status.lapsed
    ]


def _joined(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
