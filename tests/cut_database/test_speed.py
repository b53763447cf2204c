"""Many units, start to end; the time is reported, and only what came of it is asserted."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from cut_cases import RUN, Connection, Governed, cutplan, many

from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.recorders import context_of
from cutter.cut.trial import on_a_copy
from cutter.database.context import DatabaseContext
from cutter.database.scratch import PREFIX


@pytest.mark.slow
def test_five_thousand_units(governed: Governed, record_property: Callable[[str, object], None]) -> None:
    plan = cutplan(many(5_000))
    governed.load(plan)
    started = time.perf_counter()
    leg, verdict = governed.cut(plan)
    record_property(
        "cut, record, verify and commit of 5,000 units, ms", 1000 * (time.perf_counter() - started)
    )
    assert (leg.created, verdict.body_hash_match_count) == (5_000, 5_000)


_COPIES = f"SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%'"
_SCANS = "SELECT seq_scan FROM pg_catalog.pg_stat_xact_user_tables WHERE relname = 'information_unit'"


def test_a_cut_looks_units_up_by_index_even_where_the_table_was_small_before(governed: Governed) -> None:
    first, second = cutplan(), cutplan(many(200), version=2)
    governed.load(first)
    governed.cut(first)
    _vacuum(governed)
    governed.load(second, supersedes=1)
    opened: list[Connection] = []

    def remembered(role: str) -> Connection:
        opened.append(governed.by_role(role))
        return opened[-1]

    with ProductionLiveExecutionAdapter(remembered, context_of(RUN, second.rows)) as adapter:
        assert adapter.cut_leg_a(second).created == 200
        ((scans,),) = opened[0].execute(_SCANS).fetchall()
    assert scans == 0


def _vacuum(governed: Governed) -> None:
    owner = governed.connect("OWNER")
    owner.autocommit = True
    owner.execute("VACUUM ANALYZE cutter.information_unit")


def test_who_hears_is_told_how_far_a_cut_is_by_the_server(governed: Governed) -> None:
    plan, told = cutplan(many(2_100)), []
    governed.load(plan)

    def hears(what: str, done: int, total: int) -> None:
        told.append((what, done, total))

    with ProductionLiveExecutionAdapter(governed.by_role, context_of(RUN, plan.rows), hears) as adapter:
        adapter.execute(plan)
    counted = [("cut the units", done, 2_100) for done in (0, 1_000, 2_000)]
    after = [(what, 0, 0) for what in ("record the cut", "verify the cut", "commit the cut")]
    assert told == [("stage the units", 0, 0), *counted, *after]


def test_who_hears_is_told_of_a_copy_before_it_is_made(governed: Governed) -> None:
    told: list[tuple[str, int, int]] = []

    def hears(what: str, done: int, total: int) -> None:
        assert governed.as_owner(_COPIES) == []
        told.append((what, done, total))

    context = DatabaseContext(governed.provider, lambda _: (), RUN, hears)
    with on_a_copy(context) as copied:
        assert told == [("copy the database", 0, 0)]
        assert len(governed.as_owner(_COPIES)) == 1
        assert copied.progress is hears
