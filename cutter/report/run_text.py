"""What a run did, as text: changes, the verdict in one line, failures last and whole, the next command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cutter.model.evidence import EXIT_OF_OUTCOME, EXIT_PRECEDENCE, Evidence, Outcome
from cutter.model.state import Change
from cutter.named_tuple import NamedTuple
from cutter.report.host_names import compact, shortened
from cutter.report.plan_text import change_words
from cutter.report.style import paint, printable

_WORDS = 6
"""So many names, or ranges of them, are in a line of the summary."""
_ORDER = [outcome.value for outcome in Outcome]
_BAD = [outcome for outcome in Outcome if not outcome.success and outcome is not Outcome.SKIPPED]
_BAD.sort(key=lambda outcome: EXIT_PRECEDENCE.index(EXIT_OF_OUTCOME[outcome]))
_WORST_FIRST = (*_BAD, Outcome.SKIPPED)


def outcome_line(target: str, evidence: Evidence, *, colour: bool = False) -> str:
    """Return the line of one step that was not simply ok."""
    role = "change" if evidence.outcome is Outcome.CHANGED else "bad"
    mark = paint(f"  {evidence.outcome.value:<8} {evidence.step}", role, colour=colour)
    words = (
        printable(evidence.reason.partition("\n")[0])
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
    good = "as declared" if any(counts.values()) else "nothing was looked at"
    return _verdict(
        runbook, run, counts, good if exit_code == 0 else f"exit {exit_code}: {title}", colour=colour
    )


def reverted_line(
    runbook: str,
    run: str,
    counts: Mapping[str, int],
    ended: str,
    *,
    of: str,
    left: Iterable[str],
    colour: bool,
) -> str:
    """Return the one line that says how it ended to take back `of`, a run or a cut, in words.

    `ended` is the exit code and its title, empty for 0; `left` are targets that are not as they were before.
    """
    where = compact(left)
    told = f"{ended}; not all of {of} is taken back on {where}" if where else ended
    return _verdict(runbook, run, counts, told or f"as it was before {of}", colour=colour)


def failure_lines(target: str, evidence: Iterable[Evidence], *, colour: bool = False) -> Iterator[str]:
    """Yield everything that did not succeed, whole, skipped steps only as a count."""
    failures = [item for item in evidence if not item.outcome.success]
    for item in failures:
        if item.outcome is not Outcome.SKIPPED:
            yield paint(f"{item.outcome.value}: {item.step}", "bad", colour=colour) + f" on {target}"
            yield f"  cause: {indented(item.reason)}"
            yield f"  world: {_world(item)}"
            if item.remedy:
                yield f"  next: {printable(item.remedy)}"
    skipped = sum(item.outcome is Outcome.SKIPPED for item in failures)
    if skipped:
        yield f"skipped: {skipped} later step{'s' if skipped > 1 else ''} on {target}, untouched"


class Failure(NamedTuple):
    """What did not succeed: its first line up to the names of targets, and the lines that explain it."""

    what: str
    told: tuple[str, ...]
    remedy: str


def failures(evidence: Sequence[Evidence]) -> Iterator[Failure]:
    """Yield what did not succeed on a target, whole; what is the same of all steps is said once."""
    bad = [item for item in evidence if item.refused]
    alike = len({item.reason for item in bad}) == 1 and len(bad) == len(evidence)
    unseen = Counter(item.reason for item in evidence if item.outcome is Outcome.UNKNOWN)
    for item in evidence:
        if item.outcome.success or item.outcome is Outcome.SKIPPED or (alike and item is not evidence[0]):
            continue
        more = unseen.pop(item.reason, 0) - 1 if item.outcome is Outcome.UNKNOWN else 0
        if more < 0:
            continue
        step = f"all {len(bad)} steps" if alike and len(bad) > 1 else item.step
        step += f" and {more} more" if more else ""
        world = "nothing was begun there" if alike else _world(item)
        told = (f"  cause: {indented(item.reason)}", f"  world: {world}")
        yield Failure(f"{item.outcome.value}: {step}", told, item.remedy)
    skipped = [item for item in evidence if item.outcome is Outcome.SKIPPED]
    if skipped:
        number = f"{len(skipped)} {'later ' if len(skipped) < len(evidence) else ''}step"
        why = () if len(skipped) < len(evidence) else (f"  cause: {printable(skipped[0].reason)}",)
        yield Failure(f"skipped, untouched: {number}{'s' if len(skipped) > 1 else ''}", why, "")


def fleet_failure_lines(targets: Iterable[tuple[str, Sequence[Evidence]]], *, colour: bool) -> Iterator[str]:
    """Yield the failures of many targets, each once, with the names of all targets that have it."""
    found: dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = {}
    for target, evidence in targets:
        for failure in failures(evidence):
            found.setdefault((failure.what, failure.told), []).append((target, failure.remedy))
    for (what, told), where in found.items():
        number = f" ({len(where)} targets)" if len(where) > 1 else ""
        yield paint(what, "bad", colour=colour) + f" on {compact(name for name, _ in where)}{number}"
        yield from told
        if where[0][1]:
            yield f"  next{f' for {where[0][0]}' if number else ''}: {printable(where[0][1])}"


def targets_text(worst: Iterable[str]) -> str:
    """Return how many targets ended how, from the worst outcome of each, as in ``97 ok, 2 changed``."""
    counts = Counter(worst)
    without = f"{counts['']} without a step" if counts[""] else ""
    return ", ".join(filter(None, [counts_text(counts) if counts.total() > counts[""] else "", without]))


def names_lines(worst: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield which of many targets ended how, a line for each outcome, from each target and its worst."""
    found: dict[str, list[str]] = {}
    for target, outcome in worst:
        found.setdefault(outcome, []).append(target)
    for outcome in filter(found.__contains__, _ORDER):
        yield f"  {outcome}: {shortened(found[outcome], _WORDS)}"


def worst_outcome(evidence: Iterable[Evidence]) -> str:
    """Return what a target is counted as: its worst outcome, and of good ones `changed` before `ok`.

    Empty: no step was for it.
    """
    found = {item.outcome for item in evidence}
    if not found:
        return ""
    bad = [outcome for outcome in _WORST_FIRST if outcome in found]
    return bad[0].value if bad else (Outcome.CHANGED if Outcome.CHANGED in found else Outcome.OK).value


def why_lines(target: str, cause: str, remedy: str) -> Iterator[str]:
    """Yield what was in the way of a target without a step."""
    yield f"{target}: {printable(cause)}; no step is for it"
    if remedy:
        yield f"  next: {printable(remedy)}"


def left_lines(targets: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    """Yield what earlier runs had left on targets, each line once, with the names of all that have it."""
    found: dict[str, list[str]] = {}
    for target, left in targets:
        for line in left:
            found.setdefault(line, []).append(target)
    for line, names in found.items():
        yield f"{compact(names)}: {line}; it was looked at again"


def compensation_lines(target: str, evidence: Iterable[Evidence], *, colour: bool = False) -> Iterator[str]:
    """Yield what was taken back after a failure, and what could not be."""
    for item in evidence:
        if item.outcome is Outcome.COMPENSATED:
            yield outcome_line(target, item, colour=colour)
        else:
            yield from failure_lines(target, [_not_taken_back(item)], colour=colour)


def _not_taken_back(item: Evidence) -> Evidence:
    """Return evidence that does not say that nothing was changed where that was not taken back."""
    touched = item.world or item.observed != item.before
    return item if touched else item._replace(world="it was not taken back")


def manual_lines(target: str, manual: Iterable[str], *, halted: bool, many: bool = False) -> Iterator[str]:
    """Yield what a person must do by hand, where it is one of `many`, and that nothing runs there before."""
    told = [f"by hand{f' on {target}' if many else ''}: {printable(line)}" for line in manual]
    yield from told
    if told and halted:
        yield f"{target} is halted: nothing runs there until `cutter resolve` says that this was done"


def indented(reason: str) -> str:
    """Return a reason as it is printed, its further lines below the first."""
    return printable(reason).replace("\n", "\n    ")


def _verdict(runbook: str, run: str, counts: Mapping[str, int], verdict: str, *, colour: bool) -> str:
    role = "bad" if verdict.startswith("exit ") else "good"
    return f"{runbook}: {counts_text(counts)}; {paint(verdict, role, colour=colour)} (run {run})"


def _world(evidence: Evidence) -> str:
    if evidence.outcome is Outcome.UNKNOWN:
        return "not known; the next run looks"
    if evidence.world:
        return printable(evidence.world)
    if evidence.outcome is Outcome.COMPENSATED:
        return "as it was before this step"
    if evidence.observed == evidence.before:
        return "this step changed nothing"
    differs = change_words(Change(evidence.before, evidence.observed))
    if evidence.outcome is Outcome.STALE:
        return f"this step changed nothing; somebody else did: {differs}"
    return f"this step was left half done: {differs}"
