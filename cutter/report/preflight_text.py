"""The go / no-go of a run as text and as values: each condition, where it closes, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cutter.model.condition import Condition
from cutter.report.style import paint, printable


def preflight_text(name: str, found: Sequence[Condition], *, colour: bool = False) -> str:
    """Return a line for each condition, the fix below what does not hold, and the verdict."""
    width = max(len(condition.name) for condition in found)
    answers = max(len(_answer(condition)) for condition in found)
    lines = [line for condition in found for line in _lines(condition, width, answers, colour=colour)]
    return "\n".join([*lines, _verdict(name, found, colour=colour)])


def condition_body(condition: Condition) -> dict[str, Any]:
    """Return a condition for programs; `code` is 0 where it keeps nobody from beginning the run."""
    return {
        "name": condition.name,
        "holds": condition.holds,
        "closes": condition.closes,
        "seen": condition.seen,
        "next": condition.fix,
        "code": condition.code,
    }


def _answer(condition: Condition) -> str:
    return "yes" if condition.holds else condition.closes or "NO"


def _lines(condition: Condition, width: int, answers: int, *, colour: bool) -> Iterator[str]:
    role = "good" if condition.holds else "change" if condition.closes else "bad"
    answer = paint(f"{_answer(condition):<{answers}}", role, colour=colour)
    yield f"  {condition.name:<{width}}  {answer}  {printable(condition.seen)}"
    if condition.fix:
        yield f"  {'':<{width}}  next: {printable(condition.fix)}"


def _verdict(name: str, found: Sequence[Condition], *, colour: bool) -> str:
    missing = [condition.name for condition in found if not condition.go]
    later = sum(not condition.holds for condition in found) - len(missing)
    if missing:
        return paint(f"{name}: NO GO, for {', '.join(missing)}", "bad", colour=colour)
    in_run = f", {later} of them in the run" if later else ""
    return paint(f"{name}: GO: {len(found)} conditions{in_run}", "good", colour=colour)
