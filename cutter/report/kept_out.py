"""Targets on which nothing can be begun: each reason once, with the names of all targets that have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cutter.named_tuple import NamedTuple
from cutter.report.host_names import compact
from cutter.report.style import paint, printable


class KeptOut(NamedTuple):
    """A target, why nothing can be begun there, and what a person can do."""

    target: str
    cause: str
    remedy: str


def kept_out_lines(targets: Iterable[KeptOut], *, colour: bool) -> Iterator[str]:
    """Yield a line for each reason, and below it what to do, for the first target where there are several."""
    found: dict[str, list[KeptOut]] = {}
    for target in targets:
        found.setdefault(target.cause, []).append(target)
    for cause, alike in found.items():
        number = f" ({len(alike)} targets)" if len(alike) > 1 else ""
        names = compact(target.target for target in alike)
        yield paint(f"  x {names}{number}", "bad", colour=colour) + f": {printable(cause)}"
        if alike[0].remedy:
            yield f"      next{f' for {alike[0].target}' if number else ''}: {printable(alike[0].remedy)}"
