"""Every complaint cutter can make, in one tree, and the one registry of exit codes.

The number answers one question: did the world change? A leaf of the tree carries its exit code, and its
docstring is the manual entry that ``cutter explain CODE`` prints.
"""

from __future__ import annotations

from typing import ClassVar

from cutter.named_tuple import NamedTuple

NOTHING_CHANGED = "nothing was changed"


class ExitCode(NamedTuple):
    """One row of the published table: number, title, and what the world looks like afterwards."""

    code: int
    title: str
    world: str


EXIT_CODES: tuple[ExitCode, ...] = (
    ExitCode(0, "as declared", "as declared; nothing is pending"),
    ExitCode(1, "internal error before the first intent", "untouched"),
    ExitCode(2, "changes pending: plan --detailed-exitcode, or verify found drift", "untouched"),
    ExitCode(10, "a precondition does not hold", "untouched"),
    ExitCode(11, "a step failed; everything is as it was before the run", "restored"),
    ExitCode(12, "a step failed and was not restored", "changed: a person must look"),
    ExitCode(13, "the proof failed or leaked", "untouched"),
    ExitCode(14, "a backup is missing, unencrypted, unsigned or cannot be restored", "untouched"),
    ExitCode(15, "an approval is missing, invalid, expired or used", "untouched"),
    ExitCode(16, "the kill switch is off", "untouched"),
    ExitCode(17, "a gap that blocks the run is not closed", "untouched"),
    ExitCode(
        18,
        "the ledger or a checkpoint does not verify, or no checkpoint could be left",
        "untouched; where only a checkpoint is missing: as the run says",
    ),
    ExitCode(19, "another run holds the lock", "untouched by this run"),
    ExitCode(20, "the plan is stale, used or altered", "untouched"),
    ExitCode(21, "interrupted; the ledger is settled, run again to go on", "perhaps partly changed"),
    ExitCode(22, "the target is not the one that was meant", "untouched"),
    ExitCode(64, "the command line makes no sense", "untouched"),
    ExitCode(65, "a runbook, inventory or matrix is invalid", "untouched"),
    ExitCode(69, "a target or a tool is unavailable", "untouched"),
    ExitCode(77, "permission denied", "untouched"),
    ExitCode(78, "the configuration is incomplete or contradicts itself", "untouched"),
)


class CutterError(Exception):
    """Something went wrong that cutter has no better name for."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self, cause: str, *, place: str = "", world: str = NOTHING_CHANGED, remedy: str = ""
    ) -> None:
        """Say what happened (cause), where (place), what the world looks like now, and the next command."""
        super().__init__(cause)
        self.cause = cause
        self.place = place
        self.world = world
        self.remedy = remedy


class PreconditionError(CutterError):
    """A preflight step does not hold, or something is in the way of a step that has not started.

    Nothing was touched. The message names the step, what was seen and what the runbook needs, and where
    possible the runbook that provides it.
    """

    exit_code = 10


class Conflict(PreconditionError):
    """Something else stands where the runbook wants its own.

    cutter never destroys to fit. Move the thing away by hand, or declare its removal with its own word.
    """


class Overtaken(Conflict):
    """Somebody else changed a file at the moment in which it was to be replaced; it is as they left it."""


class StepFailed(CutterError):
    """A step could not reach its declared state, or a fresh look did not find it there.

    `cutter runs show RUN` tells which steps had changed the target before that.
    """

    exit_code = 12


class LeftBehind(StepFailed):
    """A step failed, and may have left more than a fresh look at it shows.

    Such as packages that came along, or a home that is partly gone. A person must look.
    """


class RanInVain(StepFailed):
    """A step had something start, which failed: what it did until then no look at the step can show."""


class Unrecorded(StepFailed):
    """Something was changed, and then the ledger could not be written, so the run stopped at once.

    The message names the steps. The next run finds them unknown, looks at reality, and goes on; until then
    `cutter runs` shows the run as unsettled.
    """


class BrokenRun(StepFailed):
    """An internal error broke a run off after it had begun to change its targets.

    The next run finds what was under way unknown, looks at reality, and goes on.
    """


class ProofFailed(CutterError):
    """Nothing sound can be said about what was rehearsed.

    Its transaction was rolled back; the message says whether a second look found everything as it was.
    """

    exit_code = 13


class Breached(ProofFailed):
    """A rehearsed statement ended its transaction, or tried to, or left something behind.

    Whatever it was, it must not run for real before a person has read it.
    """


class Unprovable(ProofFailed):
    """A rehearsed statement cannot run in a transaction that is rolled back, or its login gets around one."""


class BackupFailed(CutterError):
    """There is no verified backup where one is needed, or making or checking one went wrong.

    A backup that is not encrypted to exactly the recipients of the policy, not whole, or not of this database
    is none. A partial file is never left under the name of a backup.
    """

    exit_code = 14


class ApprovalRefused(CutterError):
    """A signature that is needed is missing, or one that is there does not count.

    The message says which: whose it is, over what, and why not. Nothing is run on an approval that anybody
    could doubt; `cutter approve FILE --role ROLE --key FINGERPRINT` makes one that counts.
    """

    exit_code = 15


class KillSwitchOff(CutterError):
    """The kill switch of the database is off for this run, so nothing may be written there.

    It is on only while an authorisation for exactly this run stands, its holder lives and its lease has not
    run out.
    """

    exit_code = 16


class GapOpen(CutterError):
    """A gap that blocks the run is not closed at this moment.

    The message names each such gap with its next action; `cutter gaps show GAP` shows the evidence there is.
    """

    exit_code = 17


class LedgerError(CutterError):
    """The ledger cannot be read or written, or its chain does not verify.

    An entry was edited, removed, reordered or forked, or the tail that a checkpoint remembers is gone.
    `cutter ledger verify` names the place.
    """

    exit_code = 18


class CheckpointMissing(LedgerError):
    """The ledger is in order, but no signed checkpoint of it could be left where environment.yml says.

    What the command did stands, and its runs keep their outcome and are recorded; only a command that would
    have ended with 0 ends with 18 instead. Until a later run leaves a checkpoint, nothing outside vouches for
    the newest entries.
    """


class LockHeld(CutterError):
    """Another run works on the same target or ledger.

    The message names its process, host and age. Locks die with their holder, so there is nothing to break:
    wait, or end the other run.
    """

    exit_code = 19


class StalePlan(CutterError):
    """What would be done now is not what was planned.

    The runbook, a variable or the target changed after the plan was made. Plan again and read the new plan.
    """

    exit_code = 20


class Interrupted(CutterError):
    """The run was stopped from outside; every step it started is settled in the ledger or marked unknown.

    Running the same command again looks at reality and goes on.
    """

    exit_code = 21


class WrongTarget(CutterError):
    """The plan was made for another target or another environment."""

    exit_code = 22


class UsageError(CutterError):
    """The command line makes no sense; `cutter VERB --help` shows the words that do."""

    exit_code = 64


class InvalidDocument(CutterError):
    """A runbook, inventory file or matrix cannot be accepted as written.

    Every problem of the file is listed with file:line:col before any target is contacted.
    """

    exit_code = 65


class Unavailable(CutterError):
    """A target cannot be reached, or a tool that a step needs is not installed there."""

    exit_code = 69


class Unobservable(Unavailable):
    """A thing cannot be looked at on this target, whatever earlier steps do there.

    Such as a service where systemd is not running. Nothing is said of it, and least of all that it is as
    declared; steps that declare only what is on disk can be looked at.
    """


class Unprepared(Unavailable):
    """There is no Python on a machine whose inventory says `bootstrap_python: true`.

    `cutter apply` installs it there before anything else; nothing of the machine can be looked at before.
    """


class PermissionRefused(CutterError):
    """The operating system refused; the step needs another user or another place."""

    exit_code = 77


class ConfigurationError(CutterError):
    """The inventory or the environment lacks something, or two parts of it contradict each other."""

    exit_code = 78
