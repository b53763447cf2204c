"""What a check of the ledger found, for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from cutter.report.style import paint, printable

_SHOWN = 20


class Finding(Protocol):
    """What the report needs to know of a finding."""

    @property
    def fault(self) -> str:
        """One word."""

    @property
    def message(self) -> str:
        """The entry, and what was done to it."""


def findings_text(findings: Sequence[Finding], *, entries: int, head: str, colour: bool) -> str:
    """Return one line a finding (the first 20 whole, the rest counted), or that every link holds."""
    if not findings:
        words = f"{entries} entries, every link holds" + (f"; head {head}" if head else "")
        return paint(words, "good", colour=colour)
    kinds = ", ".join(f"{count} {fault}" for fault, count in Counter(item.fault for item in findings).items())
    lines = [paint(f"the ledger does not verify: {kinds}", "bad", colour=colour)]
    lines += [f"  {item.fault:<9} {printable(item.message)}" for item in findings[:_SHOWN]]
    lines += [f"  and {len(findings) - _SHOWN} more"] if len(findings) > _SHOWN else []
    return "\n".join(lines)
