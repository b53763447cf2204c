"""A cut taken back for real: one transaction, whose end is known for certain, and a fresh look after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from cutter.cut import lifecycle
from cutter.cut.compensation import Compensated, CompensationPlan, compensate, record_of
from cutter.cut.complaints import complained, complaint
from cutter.cut.reading import ByRole, reading
from cutter.cut.roles import Connection, one, rows
from cutter.errors import Interrupted, StepFailed, Unavailable

PATIENCE_SECONDS = 30.0
"""How long a server that went away is waited for, once a commit was sent to it."""
_PAUSE_SECONDS = 0.2

T = TypeVar("T")


def take_back(by_role: ByRole, plan: CompensationPlan, run: str) -> Compensated:
    """Take back the cut of a plan, commit, and look again with a new connection.

    Raises what `compensate` raises, and Unavailable, when nothing was done; Interrupted when the connection
    was lost during the commit and nobody can be asked what came of it; StepFailed when it was committed and
    the fresh look finds it otherwise.
    """
    connection = by_role("enact")
    try:
        done = compensate(connection, plan, run)
        with complained("commit"):
            transaction = str(one(connection, "compensation", "transaction")[0])
        try:
            with complained("commit"):
                connection.commit()
        except Unavailable:
            connection.close()
            if not _patiently(plan, lambda: _is_committed(by_role, transaction, plan, run)):
                raise
    finally:
        connection.close()
    _patiently(plan, lambda: look_again(by_role, plan, run))
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


def _complaints(connection: Connection, plan: CompensationPlan, run: str) -> list[str]:
    cut, record = plan.cut, record_of(connection, plan.cut.cut_id)
    left = one(connection, "compensation", "left_over", cut.document_ref, cut.version)[0]
    there = rows(connection, "compensation", "cut", cut.cut_id)
    own = lifecycle.standing(connection, cut.document_ref, cut.version)
    before = plan.restores and lifecycle.standing(connection, cut.document_ref, plan.restores)
    return [
        f"{left} of its units" if left else "",
        "the cut itself" if there else "",
        "" if record and record.run == run else "no record of it",
        "" if own and own.state == "draft" else f"version {cut.version} not a draft",
        "" if not before or before.state == "enacted" else f"version {plan.restores} not in force",
    ]


def _is_committed(by_role: ByRole, transaction: str, plan: CompensationPlan, run: str) -> bool:
    """Tell whether a transaction whose client was lost is committed. Raises Unavailable while it goes on.

    Its number says only that it is over: a server that crashed may have given it to another one since.
    """
    if _goes_on(by_role, transaction):
        raise Unavailable(f"transaction {transaction} still goes on")
    with reading(by_role) as connection:
        record = record_of(connection, plan.cut.cut_id)
    return record is not None and record.run == run


def _goes_on(by_role: ByRole, transaction: str) -> bool:
    import psycopg

    try:
        with reading(by_role) as connection:
            return bool(one(connection, "compensation", "end_of", transaction)[0] == "in progress")
    except psycopg.errors.InvalidParameterValue:
        return False  # a number that is yet to be given out: the crash forgot it, and so the transaction
    except psycopg.Error as error:
        raise complaint(error, "commit") from None


def _patiently(plan: CompensationPlan, ask: Callable[[], T]) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except Unavailable as error:
            if time.monotonic() > deadline:
                raise Interrupted(
                    f"nobody can be asked what came of taking back cut {plan.cut.cut_id}: {error.cause}",
                    place=error.place,
                    world="the cut is there whole, or gone whole; which of them is not known",
                    remedy="when the server answers, run the same command again: it looks first",
                ) from error
            time.sleep(_PAUSE_SECONDS)
