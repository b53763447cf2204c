"""One condition of a run: whether it holds, or at which step of the run it will be seen to."""

from __future__ import annotations

from cutter.named_tuple import NamedTuple


class Condition(NamedTuple):
    """`closes` names the step of the run that sees to it; `code` is what it is refused with until then.

    `seen` says what was found, and `fix` what to do where it does not hold.
    """

    name: str
    holds: bool
    seen: str
    closes: str
    fix: str
    code: int

    @property
    def go(self) -> bool:
        """Tell whether it keeps nobody from beginning the run."""
        return self.holds or bool(self.closes)


def held(name: str, seen: str) -> Condition:
    """Return a condition that holds."""
    return Condition(name, holds=True, seen=seen, closes="", fix="", code=0)


def in_the_run(name: str, seen: str, closes: str, fix: str = "") -> Condition:
    """Return a condition that the run sees to itself, at a step like ``by step 2, backup``."""
    return Condition(name, holds=False, seen=seen, closes=closes, fix=fix, code=0)


def missing(name: str, seen: str, fix: str, code: int) -> Condition:
    """Return a condition that does not hold."""
    return Condition(name, holds=False, seen=seen, closes="", fix=fix, code=code)
