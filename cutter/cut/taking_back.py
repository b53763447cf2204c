"""A cut taken back for real: one transaction, whose end is known for certain, and a fresh look after it."""

from __future__ import annotations

from cutter.cut import lifecycle
from cutter.cut.committing import Work, commit, patiently
from cutter.cut.compensation import Compensated, CompensationPlan, compensate, record_of
from cutter.cut.complaints import complained
from cutter.cut.reading import ByRole, reading
from cutter.cut.roles import Connection, one, rows
from cutter.errors import StepFailed


def take_back(by_role: ByRole, plan: CompensationPlan, run: str) -> Compensated:
    """Take back the cut of a plan, commit, and look again with a new connection.

    Raises what `compensate` raises, and Unavailable, when nothing was done; Interrupted when the connection
    was lost during the commit and nobody can be asked what came of it; StepFailed when it was committed and
    the fresh look finds it otherwise.
    """
    work = Work(f"taking back cut {plan.cut.cut_id}", lambda reader: _is_recorded(reader, plan, run))
    connection = by_role("enact")
    try:
        done = compensate(connection, plan, run)
        commit(connection, by_role, work)
    finally:
        connection.close()
    patiently(work.what, lambda: look_again(by_role, plan, run))
    return done


def look_again(by_role: ByRole, plan: CompensationPlan, run: str) -> None:
    """Raise StepFailed unless no row is left, the record is there, and the lifecycle is what it was."""
    cut = plan.cut
    with reading(by_role) as connection, complained(f"cut {cut.cut_id}"):
        wrong = [complaint for complaint in _complaints(connection, plan, run) if complaint]
    if wrong:
        raise StepFailed(
            f"cut {cut.cut_id} was taken back, and a fresh look finds {', '.join(wrong)}",
            place=f"cut {cut.cut_id}",
            world="the compensation is committed",
            remedy="a person must look at the database",
        )


def _is_recorded(connection: Connection, plan: CompensationPlan, run: str) -> bool:
    record = record_of(connection, plan.cut.cut_id)
    return record is not None and record.run == run


def _complaints(connection: Connection, plan: CompensationPlan, run: str) -> list[str]:
    cut, is_recorded = plan.cut, _is_recorded(connection, plan, run)
    left = one(connection, "compensation", "left_over", cut.document_ref, cut.version)[0]
    there = rows(connection, "compensation", "cut", cut.cut_id)
    own = lifecycle.standing(connection, cut.document_ref, cut.version)
    before = plan.restores and lifecycle.standing(connection, cut.document_ref, plan.restores)
    return [
        f"{left} of its units" if left else "",
        "the cut itself" if there else "",
        "" if is_recorded else "no record of it",
        "" if own and own.state == "draft" else f"version {cut.version} not a draft",
        "" if not before or before.state == "enacted" else f"version {plan.restores} not in force",
    ]
