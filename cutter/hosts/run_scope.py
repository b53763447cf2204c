"""What belongs to one run and to no other: its approval, its backup, and the kill switch while it is on.

The switch is never a step. It goes on when the run comes to the first step that its runbook names, by the
accepted request of this very run and after its backup; and off after the last one, or whichever way the run
ends. `open_switch` is the one place from which it is turned on for a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cutter.approvals.accepted import AcceptedRequest
from cutter.approvals.authority import Authority
from cutter.backup.manifest import Manifest
from cutter.backup.pre_write import pre_write_backup
from cutter.errors import ApprovalRefused, CutterError, KillSwitchOff
from cutter.model.durations import seconds_of
from cutter.model.gate import LookAtGaps
from cutter.model.runbook import KillSwitch

if TYPE_CHECKING:
    from cutter.database.context import DatabaseContext
    from cutter.database.turning import HeldSwitch, Permit

Note = Callable[[Mapping[str, Any]], object]
"""Records a turn of the switch, durably, before it returns."""
HOW = (
    "cutter plan RUNBOOK -o FILE.plan; cutter request FILE.plan --key FINGERPRINT; "
    "cutter approve FILE.request --role ROLE --key FINGERPRINT for each role; cutter apply FILE.request"
)


class RunScope:
    """One run, as its steps on a database see it; `run` is empty while nothing is applied."""

    def __init__(self, run: str, authority: Callable[[], Authority], authority_file: str = "") -> None:
        """Take the run, what reads who may approve, and the file in which that stands."""
        self.run = run
        self.authority_file = authority_file
        self._authority = authority
        self.accepted: AcceptedRequest | None = None
        """The request that was accepted for this run, where one was."""
        self.backup: Manifest | None = None
        """The backup that this run took and proved, once its backup step has."""
        self.look_at_gaps: LookAtGaps | None = None
        """What judges, for a gate, the gaps that block."""
        self.kill_switch: KillSwitch | None = None
        """Around which steps the switch is on, where the runbook says so."""
        self.note: Note | None = None
        self._held: HeldSwitch | None = None
        self._told: dict[str, Any] = {}

    def authority(self) -> Authority:
        """Return who may approve in this environment. Raises ConfigurationError where nobody may."""
        return self._authority()

    def open_switch(self, database: DatabaseContext) -> None:
        """Turn the kill switch of a database on for this run, and record it.

        Raises ApprovalRefused (15) without an accepted request for that very database, BackupFailed (14)
        without a verified backup of this run, ConfigurationError without the login AUTHORISER.
        """
        from cutter.database.turning import BREAK_GLASS_SECONDS, HeldSwitch

        if self.kill_switch is None:
            raise KillSwitchOff("the runbook does not say around which steps the kill switch is on")
        permit = self._permit(database.identity())
        pre_write_backup(self, database)
        self._held = HeldSwitch(database.connection("AUTHORISER"), self.run)
        seconds = seconds_of(self.kill_switch.lease)
        if permit.break_glass:
            seconds = min(seconds, BREAK_GLASS_SECONDS)
        until = self._held.turn_on(permit, seconds)
        self._told = {"database": database.database, "identity": permit.database, "request": permit.request}
        self._note("on", lease=f"{seconds}s", until=until.isoformat(), signed_by=permit.signed_by)

    def close_switch(self) -> None:
        """Turn the switch off, if this run has it on, and record that. Does nothing the second time."""
        held, self._held = self._held, None
        if held is None:
            return
        was_on = held.turn_off()
        if held.until is not None:
            how = (
                "by the run" if was_on else "before the run came to it: by somebody, or with lease or session"
            )
            with suppress(CutterError):  # what is recorded next to it will say the same, and louder
                self._note("off", how=how)

    def _permit(self, identity: str) -> Permit:
        from cutter.database.turning import Permit

        accepted = self.accepted
        if accepted is None:
            raise ApprovalRefused(
                "this run has no approved request, so the kill switch stays off", remedy=HOW
            )
        if identity not in accepted.databases:
            raise ApprovalRefused("the request of this run is for another database", remedy=HOW)
        signed_by = ", ".join(f"{role}: {who.person}" for role, who in sorted(accepted.signers.items()))
        words = (accepted.digest, accepted.nonce, accepted.authority, signed_by)
        return Permit(identity, *words, accepted.expires, accepted.revert_until, accepted.break_glass)

    def _note(self, turn: str, **told: str) -> None:
        if self.note is not None:
            self.note({"run": self.run, **self._told, "turn": turn, **told})
