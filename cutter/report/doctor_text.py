"""The checks of `cutter doctor` as text: a line each, and the fix below what is not ok."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from cutter.report.style import paint, printable

_ROLES = {"ok": "good", "warn": "change", "fail": "bad"}


class Checked(Protocol):
    """What is shown of a check."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def status(self) -> str:
        """How it stands: ok, warn or fail."""

    @property
    def seen(self) -> str:
        """What was seen."""

    @property
    def fix(self) -> str:
        """What to do next; empty for ok."""


def doctor_text(checks: Sequence[Checked], *, colour: bool = False) -> str:
    """Return all checks and the verdict."""
    width = max(len(check.name) for check in checks)
    lines = [line for check in checks for line in _lines(check, width, colour=colour)]
    failed, warned = (sum(check.status == status for check in checks) for status in ("fail", "warn"))
    role = "bad" if failed else "good"
    verdict = (
        f"{len(checks)} checks: {failed} failed, {warned} to know of" if failed or warned else "all is well"
    )
    return "\n".join([*lines, paint(verdict, role, colour=colour)])


def _lines(check: Checked, width: int, *, colour: bool) -> Iterator[str]:
    status = paint(f"{check.status:<4}", _ROLES[check.status], colour=colour)
    yield f"{status}  {check.name:<{width}}  {printable(check.seen)}"
    if check.fix:
        yield f"      {'':<{width}}next: {printable(check.fix)}"
