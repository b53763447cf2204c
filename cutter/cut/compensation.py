"""Taking back a committed cut and its enactment: shown first, then done in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from cutter.cut.complaints import ROLLED_BACK, complained
from cutter.cut.roles import Connection, acting_as, one, rows
from cutter.database.switch import demand
from cutter.errors import PreconditionError, StalePlan
from cutter.named_tuple import NamedTuple

SHOWN = 20


class CommittedCut(NamedTuple):
    """A cut as the database holds it; `state` is where its version stands."""

    cut_id: int
    document_ref: str
    version: int
    run: str
    pin: str
    unit_count: int
    writer_digest: str
    state: str


class Dependant(NamedTuple):
    """Something that depends on a cut: a supersession, a later cut, an edit, a revocation or a reference."""

    kind: str
    what: str


class CompensationPlan(NamedTuple):
    """What compensating a cut would do: remove units, counted by section type, the first twenty named.

    `restores` is the version that would be in force again. With any dependant it is refused.
    """

    cut: CommittedCut
    section_types: Mapping[str, int]
    units: tuple[tuple[str, str], ...]
    restores: int | None
    dependants: tuple[Dependant, ...]


class Compensated(NamedTuple):
    """What a compensation did: units removed, the state the version was in, the version in force again."""

    removed: int
    was: str
    restored: int | None


class CompensationRecord(NamedTuple):
    """What the governance record says of a cut that was taken back: by which run, and whose it was."""

    run: str
    document_ref: str
    version: int


def committed_cuts(connection: Connection) -> tuple[CommittedCut, ...]:
    """Return every cut, oldest first. Needs the reader's rights."""
    with complained("cuts"):
        return tuple(CommittedCut(*row) for row in rows(connection, "compensation", "cuts"))


def planned(connection: Connection, cut_id: int) -> CompensationPlan:
    """Return what compensating a cut would do; nothing is touched. Needs the reader's rights.

    Raises PreconditionError when there is no such cut.
    """
    with complained(f"cut {cut_id}"):
        found = rows(connection, "compensation", "cut", cut_id)
        if not found:
            raise PreconditionError(
                f"there is no cut {cut_id}",
                place="compensation",
                remedy="cutter revert, without more, lists the cuts that are there",
            )
        cut = CommittedCut(*found[0])
        return CompensationPlan(
            cut=cut,
            section_types=dict(rows(connection, "compensation", "section_types", cut_id)),
            units=tuple((row[0], row[1]) for row in rows(connection, "compensation", "units", cut_id, SHOWN)),
            restores=one(connection, "compensation", "restores", cut_id)[0],
            dependants=dependants(connection, cut_id),
        )


def dependants(connection: Connection, cut_id: int) -> tuple[Dependant, ...]:
    """Return what depends on a cut. Needs the reader's rights, or the enact role's."""
    with complained(f"cut {cut_id}"):
        return tuple(Dependant(*row) for row in rows(connection, "compensation", "dependants", cut_id))


def record_of(connection: Connection, cut_id: int) -> CompensationRecord | None:
    """Return the record of a cut that was taken back, None where there is none. Needs the reader's rights."""
    with complained(f"cut {cut_id}"):
        found = rows(connection, "compensation", "record", cut_id)
    return CompensationRecord(*found[0]) if found else None


def refuse_dependants(plan: CompensationPlan) -> None:
    """Raise StalePlan, naming everything that depends on the cut, when anything does."""
    if plan.dependants:
        told = "; ".join(f"{dependant.kind}: {dependant.what}" for dependant in plan.dependants)
        raise StalePlan(
            f"something depends on cut {plan.cut.cut_id}: {told}",
            place=f"cut {plan.cut.cut_id}",
            remedy="revert what depends on it first; an edit needs a person",
        )


def compensate(connection: Connection, plan: CompensationPlan, run: str) -> Compensated:
    """Take back the cut of a plan, as the enact role; the caller commits.

    The kill switch comes first. Raises KillSwitchOff, and StalePlan when something depends on the cut, or
    what was done is not what was planned.
    """
    cut = plan.cut
    with complained(f"cut {cut.cut_id}"), acting_as(connection, "enact"):
        demand(connection, run, cut.cut_id)
        done = Compensated(*one(connection, "compensation", "compensate", cut.cut_id, run))
    if done != Compensated(cut.unit_count, cut.state, plan.restores):
        connection.rollback()
        raise StalePlan(
            f"taking back cut {cut.cut_id} did something else than was shown: {done}",
            place=f"cut {cut.cut_id}",
            world=ROLLED_BACK,
            remedy="look at it again",
        )
    return done
