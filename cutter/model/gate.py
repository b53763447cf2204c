"""What a gate asks and is told: whether every gap that blocks the first production run is closed now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cutter.named_tuple import NamedTuple


class OpenGap(NamedTuple):
    """A gap that is not closed: what is to be done next, in words, and the command, where one exists."""

    gap: str
    action: str
    command: str

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.gap}: {self.action}" + (f" ({self.command})" if self.command else "")


class GateLook(NamedTuple):
    """What was seen of the gaps: under which matrix, by its digest, which are closed, and which are not.

    `own` are the steps of the gate's own runbook that each gap needs, whatever was seen of them.
    """

    matrix: str
    closed: tuple[str, ...]
    open: tuple[OpenGap, ...]
    own: Mapping[str, tuple[str, ...]] = {}


class LookAtGaps(Protocol):
    """Looks at every gap that blocks, afresh; see cutter.app.gating."""

    def __call__(self, runbook: str, run: str, *, inside: bool) -> GateLook:
        """Return what was seen. Of the runbook's own steps only what `run` recorded counts.

        Without `inside`, what the runbook itself closes is left aside. Raises LedgerError when the chain does
        not verify, and GapOpen when there is no matrix that could be judged.
        """


def told(found: Sequence[OpenGap]) -> str:
    """Return in one line which gaps are not closed, each with its next action."""
    return f"not closed: {'; '.join(map(str, found))}"
