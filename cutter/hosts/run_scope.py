"""What belongs to one run and to no other: the request that was accepted for it."""

from __future__ import annotations

from collections.abc import Callable

from cutter.approvals.accepted import AcceptedRequest
from cutter.approvals.authority import Authority
from cutter.backup.manifest import Manifest


class RunScope:
    """One run, as its steps on a database see it; `run` is empty while nothing is applied."""

    def __init__(self, run: str, authority: Callable[[], Authority]) -> None:
        """Take the run, and what reads who may approve."""
        self.run = run
        self._authority = authority
        self.accepted: AcceptedRequest | None = None
        """The request that was accepted for this run, where one was."""
        self.backup: Manifest | None = None
        """The backup that this run took and proved, once its backup step has."""

    def authority(self) -> Authority:
        """Return who may approve in this environment. Raises ConfigurationError where nobody may."""
        return self._authority()
