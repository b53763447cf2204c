"""The gap closure matrix for programs; `version` is the version of this shape."""

from __future__ import annotations

from typing import Any

from cutter.model.gaps import Baseline, GapStatus, MatrixStatus, ObjectiveStatus, StepStatus

VERSION = 1


def matrix_body(status: MatrixStatus, *, sandbox: bool) -> dict[str, Any]:
    """Return the whole matrix: its header, every gap, and which of them block the first production run."""
    header = status.matrix.header
    return {
        "version": VERSION,
        "environment": status.environment,
        "sandbox": sandbox,
        "at": status.at.isoformat(timespec="seconds"),
        "matrix": {"macro": header.macro, "date": header.date, "gate": header.gate, "source": header.source},
        "gaps": [gap_body(gap) for gap in status.gaps],
        "blocking": [gap.declaration.id for gap in status.blocking],
        "as_recorded": list(status.as_recorded),
        "lapsed": [
            {
                "runbook": each.runbook,
                "target": each.target,
                "step": each.step,
                "outcome": each.record.outcome.value,
                "reason": each.record.reason,
                "entry": each.record.seq,
                "run": each.record.run,
            }
            for each in status.lapsed
        ],
    }


def gap_body(gap: GapStatus) -> dict[str, Any]:
    """Return one gap: what is declared, what was attested, and what the evidence says now."""
    declared = gap.declaration
    words = ("title", "finding", "done", "residue", "venue", "next_package", "reason")
    return {
        "id": declared.id,
        "status": gap.status.value,
        "reopened": gap.reopened,
        "rehearsed_on": gap.rehearsed_on.isoformat() if gap.rehearsed_on else None,
        "next_action": gap.next_action,
        "command": gap.command,
        **{word: getattr(declared, word).strip() for word in words},
        "blocks_first_production_run": declared.blocks,
        "requires": list(declared.requires),
        "evidence_max_age_seconds": declared.max_age_seconds,
        "baseline": {"pre": _baseline(declared.pre), "post": _baseline(declared.post)},
        "objectives": [_objective(objective) for objective in gap.objectives],
    }


def _baseline(attested: Baseline) -> dict[str, str]:
    return {"status": attested.status, "note": attested.note, "as_of": attested.as_of}


def _objective(objective: ObjectiveStatus) -> dict[str, Any]:
    declared = objective.declaration
    return {
        "runbook": declared.runbook,
        "steps": declared.steps if isinstance(declared.steps, str) else list(declared.steps),
        "proof": declared.proof,
        "holds": objective.holds,
        "obstacle": objective.obstacle,
        "evidence": [_step(step) for step in objective.steps],
        "left_out": [
            {"target": step.target, "step": step.step, "reason": step.reason} for step in objective.left_out
        ],
    }


def _rehearsal(step: StepStatus) -> dict[str, Any] | None:
    """Return the proof of a step that is not done."""
    if not step.rehearsed or step.rehearsal is None:
        return None
    record = step.rehearsal
    return {"entry": record.seq, "run": record.run, "at": record.at.isoformat(timespec="seconds")}


def _step(step: StepStatus) -> dict[str, Any]:
    told: dict[str, Any] = {
        "target": step.target,
        "step": step.step,
        "holds": step.holds,
        "rehearsed": _rehearsal(step),
        "reason": step.reason,
    }
    if step.record is None:
        return told
    record = step.record
    return {
        **told,
        "entry": record.seq,
        "run": record.run,
        "at": record.at.isoformat(timespec="seconds"),
        "outcome": record.outcome.value,
        "keys": list(record.keys),
    }
