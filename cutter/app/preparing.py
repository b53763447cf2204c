"""Hosts without a Python get one before anything else, where the inventory allows it; a run of its own.

It goes in the waves of the runbooks, and ends with the wave after which theirs would end: a host that they
would not reach, because too many others failed before it, is not touched. That counts what is known before
the first step: a plan is whole, is shown and is recorded before it begins, so steps that fail come too late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from functools import partial

from cutter import __version__
from cutter.agent.attempt import outcome_of
from cutter.agent.unseen import unseen
from cutter.app.applying import WritingSession, broken_run, new_run_id
from cutter.app.planning import plan_job
from cutter.app.workspace import Job, Workspace
from cutter.engine.driving import ABORTED
from cutter.engine.executor import RunResult, TargetResult
from cutter.engine.recording import Recording
from cutter.engine.side_by_side import Strand, side_by_side
from cutter.engine.stopping import Stop
from cutter.engine.waves import too_many, waves
from cutter.errors import CutterError, PermissionRefused, StepFailed, Unavailable, Unprepared
from cutter.model.canonical import digest
from cutter.model.evidence import Evidence, Outcome
from cutter.model.plan import Plan, TargetPlan, Unseen
from cutter.model.runbook import Runbook
from cutter.named_tuple import NamedTuple

VERB = "bootstrap"
_STEP = "python3 (bootstrap)"
"""No step of a runbook can have this id, so it is evidence for no gap."""
_HASH = digest(VERB, {"package": "python3"})
_AFTER = {"status": "installed"}


class Found(NamedTuple):
    """What came of a host: which machine it is, if anybody can tell, and whether a stop cut it short."""

    identity: str
    evidence: Evidence
    interrupted: bool = False


class Turn(NamedTuple):
    """Hosts that are prepared together: those of a wave of a runbook.

    `lost` are others of the wave, of which it is known already that nothing can be done on them.
    """

    runbook: Runbook
    of: int
    names: tuple[str, ...]
    lost: tuple[str, ...]


def turns(jobs: Sequence[Job], lacking: Collection[str], lost: Sequence[Collection[str]]) -> Iterator[Turn]:
    """Yield the waves of runbooks, each host where it is reached first.

    `lost` are, for each runbook, the hosts on which nothing can be done.
    """
    left = set(lacking)
    for job, bad in zip(jobs, lost, strict=True):
        names = [bound.target for bound in job.bound]
        for wave in waves(names, job.runbook.serial):
            here = tuple(name for name in wave if name in left)
            left.difference_update(here)
            yield Turn(job.runbook, len(names), here, tuple(name for name in wave if name in bad))


def prepare(session: WritingSession, to_come: Sequence[Turn], stop: Stop) -> RunResult:
    """Install a Python on hosts, those of a turn side by side; their intents first, outcomes as they come.

    Raises LedgerError when nothing was begun because it could not be recorded; Unrecorded and BrokenRun
    later.
    """
    workspace = session.workspace
    common = {"environment": workspace.environment.name, "runbook": VERB}
    recording = Recording(session.ledger.append, new_run_id(), common)
    recording.start({"verb": VERB, "cutter": __version__})
    with broken_run(recording):
        found = _in_turn(workspace, to_come, recording, stop)
        result = RunResult(recording.run, VERB, tuple(_ended(name, came) for name, came in found.items()))
        recording.end(result.exit_code, Counter(came.evidence.outcome.value for came in found.values()))
    return result


def _ended(name: str, came: Found) -> TargetResult:
    return TargetResult(name, came.identity, (came.evidence,), interrupted=came.interrupted)


def planned_again(
    workspace: Workspace, job: Job, plan: Plan, result: RunResult, *, only: Sequence[str], preview: bool
) -> Plan:
    """Return the plan with a look at the targets that were prepared; the others of them are without sight."""
    names = {target.target for target in plan.targets if target.first}
    part = job._replace(bound=tuple(bound for bound in job.bound if bound.target in names))
    now = {found.target: found for found in plan_job(workspace, part, only=only, preview=preview).targets}
    reasons = {done.target: done.evidence[0] for done in result.targets}
    seen = {name: _seen(target, reasons[name]) for name, target in now.items() if name in reasons}
    return plan._replace(targets=tuple(seen.get(target.target, target) for target in plan.targets))


def _seen(target: TargetPlan, evidence: Evidence) -> TargetPlan:
    if not target.first:
        return target
    code = evidence.refusal or Unavailable.exit_code
    return target.without_sight(Unseen(evidence.reason, evidence.remedy, code))


def _in_turn(
    workspace: Workspace, to_come: Sequence[Turn], recording: Recording, stop: Stop
) -> dict[str, Found]:
    found: dict[str, Found] = {}
    failed: list[tuple[Runbook, str]] = []
    for turn in to_come:
        why = "" if stop() else _held_back(turn, failed)
        if why:
            found |= _skipped(turn, why, recording)
            continue
        found |= _side_by_side(workspace, turn.names, recording, stop) if turn.names else {}
        bad = (name for name in turn.names if found[name].evidence.outcome is not Outcome.CHANGED)
        failed += ((turn.runbook, name) for name in (*turn.lost, *bad))
    return found


def _held_back(turn: Turn, failed: Sequence[tuple[Runbook, str]]) -> str:
    """Say why the runbook of a turn would not come to its hosts, or nothing."""
    if not failed:
        return ""
    runbook, name = failed[-1]
    if runbook is not turn.runbook:
        return f"{turn.runbook.name} does not begin after what came of {name}"
    stops = too_many(len(failed), turn.of, turn.runbook.max_fail)
    return f"no wave begins after the one of {name}" if stops else ""


def _skipped(turn: Turn, why: str, recording: Recording) -> dict[str, Found]:
    found = {name: Found("", _evidence(Outcome.SKIPPED, reason=why)) for name in turn.names}
    for name, came in found.items():
        recording.evidence(name, came.identity, came.evidence)
    return found


def _side_by_side(
    workspace: Workspace, names: Sequence[str], recording: Recording, stop: Stop
) -> dict[str, Found]:
    intent = {"step": _STEP, "content_hash": _HASH, "before": None, "after": _AFTER}
    for name in names:
        recording.intend(name, "", [intent], [])
    recording.begin()
    strands = [Strand(workspace.target(name), partial(_prepared, workspace, name)) for name in names]
    found: dict[str, Found] = {}
    with closing(side_by_side(strands, stop, workspace.parallel)) as portions:
        for portion in portions:
            for index, came in portion:
                found[names[index]] = came
                recording.evidence(names[index], came.identity, came.evidence)
            recording.commit()
    return found


def _prepared(workspace: Workspace, name: str, stop: Stop) -> Iterator[Found]:
    if stop():
        yield Found("", _evidence(Outcome.SKIPPED, reason="the run was interrupted"), interrupted=True)
        return
    try:
        with stop.abortable():
            workspace.install_python(name)
            identity = workspace.target(name).identity()
    except KeyboardInterrupt:
        yield Found("", _evidence(Outcome.UNKNOWN, reason=ABORTED), interrupted=True)
    except Unprepared as still:
        yield Found("", _failed(StepFailed(f"python3 was installed, and yet: {still.cause}")))
    except CutterError as error:
        yield Found("", _failed(error))
    else:
        yield Found(identity, _evidence(Outcome.CHANGED, observed=_AFTER))


def _failed(error: CutterError) -> Evidence:
    if isinstance(error, (Unavailable, PermissionRefused)):
        why = unseen(error)
        return _evidence(Outcome.UNOBSERVABLE, reason=why.cause, remedy=why.remedy, refusal=why.exit_code)
    return _evidence(outcome_of(error), reason=error.cause, remedy=error.remedy, world=error.world)


def _evidence(outcome: Outcome, **told: object) -> Evidence:
    happened = True if outcome is Outcome.CHANGED else None  # nobody takes a Python away again
    about = {"before": None, "after": _AFTER, "event": happened, **told}
    return Evidence(_STEP, VERB, _HASH, outcome, **about)  # type: ignore[arg-type] # named by whoever calls
