"""What reverting a run is beyond that on a database: cuts are shown, all is proved, evidence withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cutter.agent.requests import RevertRequest
from cutter.app.applying import WritingSession
from cutter.app.compensating import TargetRevert
from cutter.app.reverting_evidence import OF_A_CUT, contradicted, version_of, withdraw
from cutter.engine.recording import Recording
from cutter.model.state import Change
from cutter.resources import resource_type

if TYPE_CHECKING:
    from cutter.cut.compensation import CompensationPlan


def cuts_in(session: WritingSession, revert: TargetRevert) -> list[CompensationPlan]:
    """Return what compensating each cut among the steps would do; nothing is touched."""
    versions = [version_of(step) for step in revert.requests if step.type == "cut" and step.goal is None]
    if not versions:
        return []
    from cutter.cut.compensation import planned
    from cutter.cut.reading import reading, seen_cut

    context = session.workspace.database_context(revert.target, "")
    with reading(context.by_role) as connection:
        seen = [seen_cut(connection, *version) for version in versions]
        return [planned(connection, cut.cut_id) for cut in seen if cut is not None]


def prove_reverts(session: WritingSession, reverts: Sequence[TargetRevert], run: str) -> frozenset[str]:
    """Take back what acts on databases in transactions that are rolled back; return those databases.

    Raises Breached, Unprovable, and whatever stands in the way of an inverse itself.
    """
    found = {revert.target: _provable(revert) for revert in reverts}
    proved = {target: steps for target, steps in found.items() if steps}
    for target, steps in proved.items():
        _prove(session, target, steps, run)
    return frozenset(proved)


def withdraw_others(session: WritingSession, recording: Recording, revert: TargetRevert) -> None:
    """Note that steps elsewhere hold no longer that say the same as those that are taken back."""
    own = {(recording.common["runbook"], step.id) for step in revert.requests}
    for step in revert.requests:
        if step.type in OF_A_CUT and step.goal is None:
            version = version_of(step)
            types = OF_A_CUT if step.type == "cut" else (step.type,)
            pin = str((step.expected or {}).get("pin", ""))
            seen = contradicted(session.ledger, revert.identity, version, types=types, pin=pin)
            others = [item for item in seen if (item.runbook, item.step) not in own]
            withdraw(recording, revert.identity, others, f"run {recording.run} took back {version}")


def _provable(revert: TargetRevert) -> tuple[RevertRequest, ...]:
    return tuple(step for step in revert.requests if resource_type(step.type).provable)


def _prove(session: WritingSession, target: str, steps: Sequence[RevertRequest], run: str) -> None:
    from cutter.cut.trial import Try, rehearsed_back
    from cutter.filesystem.kept import KeptContent

    workspace = session.workspace
    done = [
        (Try(step.id, resource_type(step.type)(step.params, workspace.digest_key)), _change(step))
        for step in reversed(steps)
    ]
    context = workspace.database_context(target, run)
    rehearsed_back(context, done, KeptContent(workspace.kept_folder))


def _change(step: RevertRequest) -> Change:
    return Change(step.goal, step.expected)
