"""What a run did, as text: changes, the verdict in one line, failures last and whole, the next command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cutter.model.evidence import Evidence, Outcome
from cutter.model.state import Change
from cutter.report.plan_text import change_words
from cutter.report.style import paint, printable

_ORDER = [outcome.value for outcome in Outcome]


def outcome_line(target: str, evidence: Evidence, *, colour: bool = False) -> str:
    """Return the line of one step that was not simply ok."""
    role = "change" if evidence.outcome is Outcome.CHANGED else "bad"
    mark = paint(f"  {evidence.outcome.value:<8} {evidence.step}", role, colour=colour)
    words = (
        printable(evidence.reason)
        if evidence.reason
        else change_words(Change(evidence.before, evidence.after))
    )
    return f"{mark}  [{target}] {words}"


def counts_text(counts: Mapping[str, int]) -> str:
    """Return outcome counts in a fixed order, as in ``3 ok, 2 changed``."""
    told = [f"{counts[name]} {name}" for name in _ORDER if counts.get(name)]
    return ", ".join(told) or "no steps"


def verdict_line(
    runbook: str, run: str, counts: Mapping[str, int], exit_code: int, title: str, *, colour: bool
) -> str:
    """Return the one line that says how it ended."""
    role = "good" if exit_code == 0 else "bad"
    verdict = paint("as declared" if exit_code == 0 else f"exit {exit_code}: {title}", role, colour=colour)
    return f"{runbook}: {counts_text(counts)}; {verdict} (run {run})"


def failure_lines(target: str, evidence: Iterable[Evidence], *, colour: bool = False) -> Iterator[str]:
    """Yield everything that did not succeed, whole, skipped steps only as a count."""
    failures = [item for item in evidence if not item.outcome.success]
    for item in failures:
        if item.outcome is not Outcome.SKIPPED:
            yield paint(f"{item.outcome.value}: {item.step}", "bad", colour=colour) + f" on {target}"
            yield f"  cause: {printable(item.reason)}"
            yield f"  world: {_world(item)}"
            if item.remedy:
                yield f"  next: {printable(item.remedy)}"
    skipped = sum(item.outcome is Outcome.SKIPPED for item in failures)
    if skipped:
        yield f"skipped: {skipped} later step{'s' if skipped > 1 else ''} on {target}, untouched"


def compensation_lines(target: str, evidence: Iterable[Evidence], *, colour: bool = False) -> Iterator[str]:
    """Yield what was taken back after a failure, and what could not be."""
    for item in evidence:
        if item.outcome is Outcome.COMPENSATED:
            yield outcome_line(target, item, colour=colour)
        else:
            yield from failure_lines(target, [item], colour=colour)


def manual_lines(target: str, manual: Iterable[str], *, halted: bool) -> Iterator[str]:
    """Yield what a person must do by hand, and that nothing runs on a halted target before."""
    told = [f"by hand: {printable(line)}" for line in manual]
    yield from told
    if told and halted:
        yield f"{target} is halted: nothing runs there until `cutter resolve` says that this was done"


def _world(evidence: Evidence) -> str:
    if evidence.outcome is Outcome.UNKNOWN:
        return "not known; the next run looks"
    if evidence.world:
        return printable(evidence.world)
    if evidence.observed == evidence.before:
        return "this step changed nothing"
    return "this step was left half done: " + change_words(Change(evidence.before, evidence.observed))
