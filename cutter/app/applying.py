"""Apply: under the lock, settle what an earlier run left open, plan, execute, record."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from cutter import __version__
from cutter.app.checkpoints import checkpointed, leave_checkpoint
from cutter.app.compensating import halts
from cutter.app.matrix_file import declared_gaps, is_known, matrix_digest
from cutter.app.owing import owed_to, owing
from cutter.app.planning import preflight_job
from cutter.app.refusing import Refusals, costs, unmet_on
from cutter.app.rollout import Rollout
from cutter.app.run_scoping import scoped
from cutter.app.settling import settle
from cutter.app.workspace import Job, Workspace
from cutter.engine.executor import RunResult, Watch, Work
from cutter.engine.recording import Recording
from cutter.engine.stopping import Stop
from cutter.errors import BrokenRun, CutterError, PreconditionError
from cutter.ledger.locks import RunLock
from cutter.ledger.sqlite import SqliteLedger
from cutter.ledger.tidying import tidy
from cutter.ledger.unbegun import Before, before, take_away, unbegun
from cutter.ledger.vouching import refuse_broken_since
from cutter.model.plan import Plan
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    from cutter.app.accepting import Acceptance


class Origin(NamedTuple):
    """Where a plan comes from: the digest of its file, and the request of it that was accepted, if any.

    `refused` are, for each runbook, the targets that are not any more what the plan in the file was made of.
    """

    plan_file: str = ""
    acceptance: Acceptance | None = None
    refused: Sequence[Refusals] = ()


UNKEPT = Origin()
"""A plan that was made just now."""


class WritingSession(NamedTuple):
    """An environment held for writing: its ledger is open, its targets are locked, its history is settled."""

    workspace: Workspace
    ledger: SqliteLedger
    new_key: bool = False

    def rebound(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Return the jobs as bound with the environment's own digest key, which may be new."""
        return self.workspace.jobs([job.path for job in jobs]) if self.new_key else jobs

    def refuse_halted(self, targets: Sequence[str]) -> None:
        """Raise PreconditionError when nothing may run on a target until a person has put it right."""
        for target, halted in self.halted(targets).items():
            raise PreconditionError(f"{target}: {halted.cause}", remedy=halted.remedy)

    def halted(self, targets: Sequence[str]) -> Refusals:
        """Return those of the targets on which nothing may run until a person has put them right."""
        found: dict[str, CutterError] = {}
        for halt in halts(self.ledger):
            if halt.target in targets:
                left = "; ".join(halt.manual)
                cause = f"it is halted: run {halt.run} failed and could not be taken back ({left})"
                resolve = self.workspace.command("resolve", halt.run, "--reason", "TEXT")
                remedy = f"put it right by hand, then: {resolve}"
                found.setdefault(halt.target, PreconditionError(cause, remedy=remedy))
        return found

    def apply(
        self,
        job: Job,
        plan: Plan,
        *,
        stop: Stop,
        watch: Watch,
        origin: Origin = UNKEPT,
        refused: Refusals | None = None,
    ) -> RunResult:
        """Apply a plan and return what came of it; the ledger has it before this returns.

        With the beginning of the run the approval of its plan is used, whatever comes of the run. On targets
        that are `refused`, or whose preflight does not hold now, nothing is begun; the others go on.
        Raises PreconditionError, recorded as a refusal, when it holds nowhere; LedgerError when nothing was
        begun because it could not be recorded; Unrecorded and BrokenRun later.
        """
        run = new_run_id()
        with self.refusals_recorded(run, job):
            now = unmet_on(self.workspace, job, preflight_job(self.workspace, job))
            found = {**now, **(refused or {})}
            refused = costs(job, found, approved=origin.acceptance is not None)
            if origin.acceptance is not None:
                self._use(run, origin.acceptance)
        recording = self.recording(run, job, "apply", plan, plan_file=origin.plan_file, refused=refused)
        with broken_run(recording):
            with scoped(self, run, job):
                rollout = Rollout(self.workspace, job.runbook, recording, refused, stop, watch)
                results = rollout.over(self._works(job, plan, run))
            result = RunResult(run, job.runbook.name, results)
            recording.end(result.exit_code, result.counts)
        leave_checkpoint(self.workspace, self.ledger)
        return result

    def _works(self, job: Job, plan: Plan, run: str) -> list[Work]:
        found = owed_to(self.workspace, job)
        return [
            Work(
                planned,
                owing(bound, found, planned.identity),
                self.workspace.target(bound.target, run=run),
            )
            for bound, planned in zip(job.bound, plan.targets, strict=True)
        ]

    def _use(self, run: str, acceptance: Acceptance) -> None:
        """Record, before anything is begun, that the run uses an approval, and let its steps know."""
        from cutter.app.breaking_glass import broken_glass

        acceptance.demand_in_time()
        common = {"run": run, "environment": self.workspace.environment.name}
        approval = ("approval", {**common, **acceptance.body()})
        self.ledger.append([approval, *broken_glass(common, acceptance)])
        self.workspace.scope(run).accepted = acceptance.accepted

    def recording(
        self,
        run: str,
        job: Job,
        verb: str,
        plan: Plan,
        *,
        plan_file: str = "",
        refused: Collection[str] = (),
    ) -> Recording:
        """Begin the record of a run, and of what is not for its targets; nothing is durable yet.

        `plan_file` is the digest of the file applied; what the plan says of `refused` targets may be so no
        longer.
        """
        common = {"environment": self.workspace.environment.name, "runbook": job.runbook.name}
        recording = Recording(self.ledger.append, run, common)
        matrix = matrix_digest(self.workspace)
        if matrix and not is_known(self.ledger, matrix):
            recording.declarations({"matrix_digest": matrix, "gaps": declared_gaps(self.workspace)})
        recording.start(
            {
                "verb": verb,
                "path": job.path,
                "runbook_digest": job.runbook.digest,
                "plan_digest": plan.digest,
                "cutter": __version__,
                "matrix_digest": matrix,
                **({"plan_file": plan_file} if plan_file else {}),
            }
        )
        for target in plan.targets:
            if target.target not in refused:
                recording.left_out(target)
        return recording

    @contextmanager
    def refusals_recorded(self, run: str, job: Job) -> Iterator[None]:
        """Record a refusal raised inside as an entry of its own."""
        with self.refusals_of(run, job.runbook.name):
            yield

    @contextmanager
    def refusals_of(self, run: str, runbook: str) -> Iterator[None]:
        """Do the same for what has no runbook at hand but the name of one, or none."""
        try:
            yield
        except CutterError as error:
            self.ledger.append([("refusal", self._refusal(run, runbook, error))])
            raise

    def _refusal(self, run: str, runbook: str, error: CutterError) -> Mapping[str, Any]:
        return {
            "run": run,
            "environment": self.workspace.environment.name,
            "runbook": runbook,
            "exit_code": error.exit_code,
            "cause": error.cause,
        }


@contextmanager
def writing(workspace: Workspace, *, wait_seconds: float = 0) -> Iterator[WritingSession]:
    """Hold an environment for writing; the lock dies with this process. Raises LockHeld, LedgerError.

    Nothing is added to a chain that does not verify. A new ledger in which nothing was recorded is not kept.
    """
    with ExitStack() as stack:
        folder = workspace.environment.ledger
        was = before(folder)
        let_go = workspace.end_agents  # what they stand on may be altered by whoever is waited for
        lock = RunLock(f"{folder}/run.lock", timeout=wait_seconds, meanwhile=let_go)
        stack.enter_context(lock)
        was = was.once_locked()
        tidy(folder)
        ledger = stack.enter_context(workspace.open_ledger())
        try:
            new_key = workspace.create_digest_key()
            refuse_broken_since(ledger, folder)
            with checkpointed(workspace, ledger):
                settle(ledger, workspace.environment.name, partial(_sweep, workspace))
                yield WritingSession(workspace, ledger, new_key)
        finally:
            _leave(was, ledger)


def _leave(was: Before, ledger: SqliteLedger) -> None:
    """Let go of a ledger, and of its folder where it is new and nothing was recorded in it."""
    idle = unbegun(was, ledger)
    ledger.close()
    if idle:
        take_away(was)


@contextmanager
def broken_run(recording: Recording) -> Iterator[None]:
    """Turn a bug inside into BrokenRun once the run has begun; before that it stays what it is."""
    try:
        yield
    except CutterError:
        raise
    except Exception as bug:
        if not recording.begun:
            raise
        world = "see `cutter runs`; what has no outcome there is looked at by the next run"
        raise BrokenRun(f"internal error: {type(bug).__name__}", world=world, remedy="add --debug") from bug


def _sweep(workspace: Workspace, name: str, identity: str, folders: Collection[str]) -> None:
    """Remove what a dead run has put aside on this machine, if it is still the same.

    A machine elsewhere has its own note of it, and does so when the next run begins there.
    """
    if workspace.is_local(name):
        target = workspace.target(name)
        if target.identity() == identity:
            target.sweep(folders)


def new_run_id() -> str:
    """Return an id that sorts by time and does not repeat."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + os.urandom(3).hex()
