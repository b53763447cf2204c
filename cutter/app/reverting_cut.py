"""Revert one cut by its id: look, refuse, prove the inverse, take it back for real, look again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutter.app.applying import WritingSession, broken_run
from cutter.app.inverse_authority import refuse_unauthorised
from cutter.app.reverting_evidence import Version, contradicted, withdraw
from cutter.app.reverting_names import PREFIX, CutNamed
from cutter.app.settling import history
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.errors import (
    ApprovalRefused,
    ConfigurationError,
    CutterError,
    Interrupted,
    KillSwitchOff,
    LockHeld,
    PermissionRefused,
    StalePlan,
    StepFailed,
    Unavailable,
)
from cutter.model.canonical import digest
from cutter.model.evidence import Evidence, Outcome
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    from cutter.cut.compensation import CompensationPlan, CompensationRecord
    from cutter.cut.trial import Verdict

_NOTHING_DONE = (
    *(KillSwitchOff, ApprovalRefused, StalePlan, LockHeld, Unavailable),
    *(PermissionRefused, ConfigurationError),
)
"""What may stop a compensation after its proof without a person having to look."""


class CutRevert(NamedTuple):
    """What reverting a cut would do, on which database."""

    named: CutNamed
    identity: str
    plan: CompensationPlan


def plan_cut_revert(session: WritingSession, named: CutNamed) -> CutRevert | CompensationRecord:
    """Return what would be taken back, or the record of it where that was done before.

    Raises PreconditionError when there was never such a cut, or the database is halted.
    """
    from cutter.cut.compensation import planned, record_of
    from cutter.cut.reading import reading

    session.refuse_halted([named.database])
    context = session.workspace.database_context(named.database, "")
    with reading(context.by_role) as connection:
        done = record_of(connection, named.cut_id)
        plan = None if done else planned(connection, named.cut_id)
    if plan is None:
        assert done is not None  # noqa: S101 - for the type checker: one of both is there
        return done
    return CutRevert(named, context.identity(), plan)


def settle_cut(session: WritingSession, named: CutNamed, record: CompensationRecord) -> bool:
    """Say of a run that never told what came of it that it took its cut back, if it did; tell whether so."""
    run = history(session.ledger, record.run).get(record.run)
    if run is None or (named.database, _step(named)) not in run.open:
        return False
    intent = run.open[named.database, _step(named)]
    evidence = Evidence(
        *(_step(named), "cut", intent["content_hash"], Outcome.COMPENSATED, intent["before"], None),
        reason="its record is there, and no row: looked at by a later command",
    )
    body = {"run": run.run, "environment": session.workspace.environment.name, "runbook": run.runbook}
    identity = run.identities[named.database]
    told = {**body, "target": named.database, "identity": identity, **evidence.body()}
    session.ledger.append([("evidence", told)])
    return True


def refuse_cut_revert(session: WritingSession, revert: CutRevert, run: str) -> None:
    """Raise StalePlan, naming all that depends on the cut, before anything is done.

    And KillSwitchOff or ApprovalRefused where nothing allows the inverse.
    """
    from cutter.cut.compensation import refuse_dependants

    refuse_dependants(revert.plan)
    refuse_unauthorised(session, revert, run)


def prove_cut_revert(session: WritingSession, revert: CutRevert, run: str) -> Verdict:
    """Take the cut back, whole, in a transaction that is rolled back.

    Raises Breached, Unprovable, and whatever stands in the way of the inverse itself.
    """
    from cutter.cut.taking_back import take_back
    from cutter.cut.trial import sound
    from cutter.database.context import LOGIN, RehearsedContext
    from cutter.database.rehearsal import Rehearsal
    from cutter.database.rollback_only import prove

    context = session.workspace.database_context(revert.named.database, run)

    def work(rehearsal: Rehearsal) -> None:
        take_back(RehearsedContext(context, rehearsal).by_role, revert.plan, run)

    return sound(prove(context.provider, LOGIN, work))


def revert_cut(
    session: WritingSession, revert: CutRevert, run: str, proof: Verdict, *, stop: Stop
) -> Evidence:
    """Take the cut back for real, record it as a run of its own, and return its evidence.

    Raises what made it impossible; nothing was done then, except where it says otherwise. After any failure
    that has no harmless name the database is halted.
    """
    recording = _begun(session, revert, run, proof)
    with broken_run(recording):
        try:
            with stop.abortable():
                _taken_back(session, revert, run)
        except KeyboardInterrupt:
            raise _ended(recording, revert, _aborted()) from None
        except CutterError as error:
            raise _ended(recording, revert, error) from error
        evidence = _evidence(revert, Outcome.COMPENSATED, observed=None)
        recording.evidence(revert.named.database, revert.identity, evidence)
        recording.end(0, {evidence.outcome.value: 1})
    return evidence


def _begun(session: WritingSession, revert: CutRevert, run: str, proof: Verdict) -> Recording:
    """Record the intent, and that evidence about the cut holds no longer, in one commit."""
    named, cut = revert.named, revert.plan.cut
    made_by = history(session.ledger, cut.run).get(cut.run)
    runbook = made_by.runbook if made_by else ""
    common = {"environment": session.workspace.environment.name, "runbook": runbook}
    recording = Recording(session.ledger.append, run, common)
    proved = {
        "statements": proof.statements,
        "residue": list(proof.residue),
        "excluded": list(proof.excluded),
    }
    recording.start({"verb": "revert", "reverts": named.words, "proved": proved})
    version = Version(cut.document_ref, cut.version)
    steps = contradicted(session.ledger, revert.identity, version, pin=cut.pin)
    reason = f"run {run} set out to take back {version} ({named.words})"
    withdraw(recording, revert.identity, steps, reason)
    intent = {"step": _step(named), "content_hash": _hash(revert), "before": _before(revert), "after": None}
    recording.intents(named.database, revert.identity, [intent], ())
    return recording


def _taken_back(session: WritingSession, revert: CutRevert, run: str) -> None:
    from cutter.cut.taking_back import take_back

    take_back(session.workspace.database_context(revert.named.database, run).by_role, revert.plan, run)


def _ended(recording: Recording, revert: CutRevert, error: CutterError) -> CutterError:
    """Record a failure, halt the database where a person has to look, and return what to raise."""
    database = revert.named.database
    if isinstance(error, Interrupted):
        outcome, code = Outcome.UNKNOWN, error.exit_code
    elif isinstance(error, _NOTHING_DONE):
        outcome, code = _harmless(error), error.exit_code
    else:
        outcome, code = Outcome.FAILED, StepFailed.exit_code
    evidence = _evidence(revert, outcome, observed=_before(revert))
    refusal = code if outcome is Outcome.BLOCKED else None
    evidence = evidence._replace(reason=error.cause, remedy=error.remedy, world=error.world, refusal=refusal)
    recording.evidence(database, revert.identity, evidence)
    told = error
    if outcome is Outcome.FAILED and code == StepFailed.exit_code:
        told = _halting(revert, recording.run, error)
        recording.halt(database, [f"{_step(revert.named)}: {by_hand(revert)}"])
    recording.end(code, {outcome.value: 1})
    return told


def _halting(revert: CutRevert, run: str, error: CutterError) -> StepFailed:
    return StepFailed(
        f"the inverse was proved, and then failed for real: {error.cause}",
        place=error.place or revert.named.words,
        world=f"{error.world}; {revert.named.database} is halted: nothing runs there",
        remedy=f"by hand: {by_hand(revert)}; then: cutter resolve {run} --reason TEXT",
    )


def by_hand(revert: CutRevert) -> str:
    """Return what a person must do when a compensation failed for real."""
    cut = revert.plan.cut
    return (
        f"find out why cut {cut.cut_id} ({cut.document_ref} version {cut.version}, {cut.unit_count} units) "
        "could not be taken back, and whether it is still there whole"
    )


def _harmless(error: CutterError) -> Outcome:
    if isinstance(error, StalePlan):
        return Outcome.STALE
    return Outcome.BLOCKED


def _aborted() -> Interrupted:
    return Interrupted(
        "aborted while the cut was being taken back",
        world="the cut is there whole, or gone whole",
        remedy="run the same command again: it looks first",
    )


def _evidence(revert: CutRevert, outcome: Outcome, *, observed: dict[str, str] | None) -> Evidence:
    return Evidence(
        *(_step(revert.named), "cut", _hash(revert), outcome, _before(revert), None),
        observed=observed,
        keys=tuple(_before(revert)),
    )


def _before(revert: CutRevert) -> dict[str, str]:
    from cutter.cut.reading import counted

    cut = revert.plan.cut
    return {
        "cut": counted(revert.plan.section_types),
        "document": f"{cut.document_ref} version {cut.version}, {cut.state}",
        "pin": cut.pin,
    }


def _step(named: CutNamed) -> str:
    return f"{PREFIX}{named.cut_id}"


def _hash(revert: CutRevert) -> str:
    cut = revert.plan.cut
    return digest("cut", [revert.identity, cut.cut_id, cut.pin])
