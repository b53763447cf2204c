"""The gap closure matrix of an environment, computed from its evidence each time it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cutter.app.breaking_glass import open_gaps
from cutter.app.checkpoints import refuse_contradicted
from cutter.app.matrix_file import matrix_path
from cutter.app.settling import history
from cutter.app.workspace import Choice, Workspace
from cutter.engine.recording import LEFT_OUT
from cutter.errors import CutterError
from cutter.language.matrix import load_matrix
from cutter.ledger.sqlite import SqliteLedger
from cutter.ledger.vouching import refuse_broken
from cutter.model.evidence import Outcome
from cutter.model.gap_evidence import EvidenceRecord, evidence_record, left_out_records
from cutter.model.gap_values import GapState
from cutter.model.gaps import GapMatrix, MatrixStatus, RunbookScope, fold
from cutter.model.lapsed import lapsed
from cutter.named_tuple import NamedTuple


class Own(NamedTuple):
    """A runbook, by its name, and the one run of it that counts."""

    runbook: str
    run: str


def matrix_status(
    choice: Choice,
    ledger: SqliteLedger,
    *,
    verified: bool = False,
    ask: bool = False,
    own: Own | None = None,
) -> MatrixStatus:
    """Return the status of every gap, as of now, in the environment chosen.

    A limit or a variable given with -e is left aside: what it narrows or moves is not what the gap is about.
    `verified` says that the chain was checked already by the holder of the run lock; `ask`, that databases
    with evidence are asked who they are, where they answer at once; `own` names a runbook of which only one
    run counts. Raises InvalidDocument for a bad matrix, and LedgerError when the chain does not verify.
    """
    workspace = Workspace(Choice(choice.folder))
    if not verified:
        refuse_broken(ledger)
        refuse_contradicted(workspace, ledger)
    path = Path(matrix_path(workspace))
    matrix = load_matrix(str(path))
    records = [
        record
        for record in _records(ledger, workspace.environment.name)
        if own is None or record.runbook != own.runbook or record.run == own.run
    ]
    known = _Identities(workspace, records, ask=ask)
    scopes = {name: _scope(workspace, path.parent / name, known) for name in _runbook_names(matrix)}
    status = fold(
        matrix,
        scopes,
        records,
        environment=workspace.environment.name,
        now=datetime.now(UTC),
        command=workspace.command("apply"),
        folder=_shown_folder(path.parent),
    )
    broken = tuple(open_gaps(ledger, workspace.environment.name, workspace.command))
    beside = lapsed(matrix, scopes, records, workspace.environment.name)
    return replace(status, gaps=(*status.gaps, *broken), as_recorded=known.as_recorded, lapsed=beside)


def movement(before: MatrixStatus, after: MatrixStatus) -> list[tuple[str, str, str]]:
    """Return the gaps whose status differs, as (id, before, after)."""
    was = {gap.declaration.id: gap.status for gap in before.gaps}
    new = GapState.CLOSED  # a gap that no file declares was none before
    pairs = ((gap.declaration.id, was.get(gap.declaration.id, new), gap.status) for gap in after.gaps)
    return [(name, old.value, new.value) for name, old, new in pairs if old is not new]


def _runbook_names(matrix: GapMatrix) -> list[str]:
    return sorted({objective.runbook for gap in matrix.gaps for objective in gap.objectives})


class _Identities:
    """Who each target is: this machine and, if asked, a database as they say; others as recorded last."""

    def __init__(self, workspace: Workspace, records: Iterable[EvidenceRecord], *, ask: bool) -> None:
        self._workspace = workspace
        self._ask = ask
        here = workspace.environment.name
        told = (each for each in records if each.environment == here and each.identity)
        self._recorded = {each.target: each.identity for each in told}
        self._asked: dict[str, str | None] = {}

    def of(self, name: str) -> str | None:
        """Return the identity of a target: empty for a database without evidence, None for such a host."""
        if self._workspace.is_local(name):
            return self._workspace.target(name).identity()
        if not self._workspace.is_database(name):
            return self._recorded.get(name)
        if self._ask and self._recorded.get(name) and name not in self._asked:
            self._asked[name] = self._workspace.present_identity(name)
        return self._asked.get(name) or self._recorded.get(name, "")

    @property
    def as_recorded(self) -> tuple[str, ...]:
        """The databases that were asked and did not answer."""
        return tuple(sorted(name for name, answer in self._asked.items() if answer is None))


def _scope(workspace: Workspace, path: Path, known: _Identities) -> RunbookScope:
    """Return what a runbook declares on each of its targets now; its problems are told, never raised."""
    if not path.exists():
        return RunbookScope(runbook="", exists=False, problem="", targets={})
    try:
        job = workspace.job(str(path))
    except CutterError as error:
        return RunbookScope(runbook="", exists=True, problem=error.cause, targets={})
    targets, left_out = {}, {}
    for bound in job.bound:
        elsewhere = {each.step: each.reason for each in bound.left_out if each.step in bound.declared_ids}
        declared: dict[str, dict[str, str]] = {
            name: {} for name in bound.declared_ids if name not in elsewhere
        }
        left_out[bound.target] = elsewhere
        for step in bound.steps:
            declared[step.declared_id][step.id] = step.content_hash
        targets[bound.target] = declared
    identities = {name: found for name in targets if (found := known.of(name)) is not None}
    named = {target: steps for target, steps in left_out.items() if steps}
    return RunbookScope(job.runbook.name, targets=targets, identities=identities, left_out=named)


def _records(ledger: SqliteLedger, environment: str) -> Iterator[EvidenceRecord]:
    last = 0
    declarations = _declarations(ledger)
    for entry in ledger.entries(kinds={"evidence", LEFT_OUT}):
        last, body = entry.seq, entry.content()
        told, declared = (entry.seq, entry.at, body), declarations.get(body["run"], {})
        if entry.kind == LEFT_OUT:
            yield from left_out_records(*told, declared)
        else:
            yield evidence_record(*told, declared)
    for name in ledger.unfinished_runs():
        yield from _unsettled(ledger, name, environment, last + 1)


def _declarations(ledger: SqliteLedger) -> dict[str, Mapping[str, str]]:
    """Return, by run, how each gap was declared when the run began, as digests."""
    matrices: dict[str, Mapping[str, str]] = {}
    runs: dict[str, Mapping[str, str]] = {}
    for entry in ledger.entries(kinds={"matrix", "run"}):
        body = entry.content()
        if entry.kind == "matrix":
            matrices[body["matrix_digest"]] = body["gaps"]
        else:
            runs[body["run"]] = matrices.get(body.get("matrix_digest", ""), {})
    return runs


def _unsettled(ledger: SqliteLedger, name: str, environment: str, seq: int) -> Iterator[EvidenceRecord]:
    """Yield what a run without an end had set out to do: not known until looked at."""
    run = history(ledger, name)[name]
    for target, step in run.unknown():
        body = {
            "run": name,
            "environment": environment,
            "runbook": run.runbook,
            "target": target,
            "identity": run.identities[target],
            "step": step["step"],
            "content_hash": step["content_hash"],
            "outcome": Outcome.UNKNOWN.value,
            "reason": f"run {name} has not said what came of it",
        }
        yield evidence_record(seq, run.started, json.loads(json.dumps(body)))


def _shown_folder(folder: Path) -> str:
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)
