"""What a plan says by itself, for those who are to approve it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from cutter.app.matrix_file import matrix_digest, matrix_path
from cutter.app.planfile import KeptPlan
from cutter.app.workspace import Job, Workspace
from cutter.approvals.files import document_of
from cutter.approvals.requests import Facts, Requested
from cutter.errors import InvalidDocument, UsageError
from cutter.model.canonical import bytes_digest
from cutter.model.look import Prediction
from cutter.model.plan import PlannedStep, TargetPlan
from cutter.model.runbook import BoundStep
from cutter.named_tuple import NamedTuple
from cutter.report.plan_text import answer, sign_of
from cutter.report.style import printable
from cutter.report.switch_text import kill_switch_words

Told = Iterator[str]


class Both(NamedTuple):
    """A step as it is planned, and as it is declared."""

    planned: PlannedStep
    bound: BoundStep


def facts_of(workspace: Workspace, kept: KeptPlan, content: bytes, job: Job) -> Facts:
    """Return what the plan in these bytes says. Raises UsageError for one of several runbooks.

    Nothing is contacted: the identities of the targets are those that the plan has.
    """
    if len(kept.plans) != 1:
        cause = "a request is for one run, and this plan has several runbooks"
        raise UsageError(cause, remedy="keep a plan of one runbook: cutter plan RUNBOOK -o FILE.plan")
    plan = kept.plans[0]
    environment = workspace.environment
    return Facts(
        environment=environment.name,
        production=environment.production,
        runbook=f"{job.runbook.name}: {printable(job.runbook.title)}",
        runbook_digest=plan.runbook_digest,
        plan_digest=kept.digest,
        plan_bytes=bytes_digest(content),
        targets=tuple(
            Requested(target.target, target.identity, _described(workspace, target))
            for target in plan.targets
        ),
        told=(
            ("Kill switch", tuple(_kill_switch(workspace, job))),
            *((heading, tuple(_on_all(job, plan.targets, lines))) for heading, lines in _HEADINGS),
            *_left_out(plan.targets),
            ("Runbooks", tuple(_runbooks(workspace, job))),
        ),
        authority=workspace.authority().digest,
        matrix=matrix_digest(workspace),
    )


def _left_out(targets: tuple[TargetPlan, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is not for a target, and why, under a heading of its own; nothing where all is for all."""
    told = [
        printable(f"{each.step} on {target.target}: {each.reason}")
        for target in targets
        for each in target.left_out
    ]
    if told:
        yield "Left out", tuple(told)


def _described(workspace: Workspace, target: TargetPlan) -> str:
    """Say in words what tells a target from every other."""
    databases = {database.name: database for database in workspace.environment.databases}
    if target.target not in databases:
        return f"a host, {target.identity}"
    kind = "PRODUCTION" if databases[target.target].production else "no production"
    parts = target.identity.split(":", 3)
    if len(parts) < 4:  # noqa: PLR2004 - postgresql, system identifier, oid, name
        return f"a database, {kind}, {target.identity}"
    return f"a database, {kind}: system identifier {parts[1]}, oid {parts[2]}, name {printable(parts[3])}"


def _on_all(job: Job, targets: tuple[TargetPlan, ...], lines: Callable[[Both], Told]) -> Told:
    for bound, target in zip(job.bound, targets, strict=True):
        steps = {step.id: step for step in bound.steps}
        where = f"  on {target.target}" if len(targets) > 1 else ""
        for planned in target.steps:
            if planned.id in steps:
                yield from (printable(line) + where for line in lines(Both(planned, steps[planned.id])))


def _kill_switch(workspace: Workspace, job: Job) -> Told:
    if job.runbook.kill_switch is not None:
        yield kill_switch_words(job.runbook.kill_switch, workspace.approving_roles())


def _runbooks(workspace: Workspace, job: Job) -> Told:
    """Name the runbook, and every other that closes a gap, by their bytes: an edited one is another one."""
    from cutter.language.matrix import load_matrix

    yield f"{os.path.basename(job.path)} {bytes_digest(document_of(job.path))}"
    path = matrix_path(workspace)
    try:
        gaps = load_matrix(path).gaps
    except InvalidDocument:  # no gate says yes under such a matrix
        return
    for name in sorted({objective.runbook for gap in gaps for objective in gap.objectives}):
        file = os.path.join(os.path.dirname(path), name)
        if os.path.exists(file) and not os.path.samefile(file, job.path):
            yield f"{name} {bytes_digest(document_of(file))}"


def _step(step: Both) -> Told:
    word = answer(step.planned) if step.planned.pending else "no change"
    yield f"{sign_of(step.planned)} {step.planned.id}  {step.planned.type}  {word}"


def _units(step: Both) -> Told:
    if step.planned.type == "cut" and step.planned.pending:
        counts = step.bound.params["counts"]
        kinds = ", ".join(f"{count} {kind}" for kind, count in counts)
        total = sum(count for _, count in counts)
        yield f"+{total} units ({kinds}) of {step.bound.params['document_ref']}, {_version(step)}"


def _irreversible(step: Both) -> Told:
    if step.planned.irreversible and step.planned.pending:
        yield f"{step.planned.id}: {step.planned.irreversible}"


def _backup(step: Both) -> Told:
    if step.planned.type == "backup":
        told = ", ".join(f"{key} {value}" for key, value in sorted((step.planned.look.after or {}).items()))
        yield f"{step.planned.id}: {told}"


def _document(step: Both) -> Told:
    if step.planned.type == "document":
        named = f"{step.bound.params['source']}, {_version(step)}"
        yield f"{named}: {step.bound.params['source_digest']}"


def _pin(step: Both) -> Told:
    if step.planned.type == "cut":
        yield f"{step.planned.id}: {step.bound.params['pin']}"


def _unknown(step: Both) -> Told:
    if step.planned.look.prediction is Prediction.UNKNOWN:
        yield f"{step.planned.id}: {step.planned.look.reason}"


def _version(step: Both) -> str:
    return f"version {step.bound.params.get('version', 1)}"


_HEADINGS: tuple[tuple[str, Callable[[Both], Told]], ...] = (
    ("Units", _units),
    ("Irreversible", _irreversible),
    ("Backup", _backup),
    ("Document", _document),
    ("Cutplan pin", _pin),
    ("Unknown", _unknown),
    ("Steps", _step),
)
