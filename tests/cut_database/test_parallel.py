"""Cuts side by side: of different documents all succeed, of one document one waits and finds it done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from cut_cases import Governed, cutplan, sixty

from cutter.cut.cutplan import Cutplan


def of_document(ref: str) -> Cutplan:
    rows = tuple(row._replace(owner_ref=ref) for row in sixty())
    return replace(cutplan(rows), document_ref=ref)


def test_cuts_of_different_documents_side_by_side(governed: Governed) -> None:
    plans = [of_document(f"law-{n}") for n in range(4)]
    for plan in plans:
        governed.load(plan)
    with ThreadPoolExecutor(4) as pool:
        legs = [leg for leg, _ in pool.map(governed.cut, plans)]
    assert [leg.created for leg in legs] == [60] * 4
    assert governed.as_owner("SELECT count(*) FROM cutter.information_unit") == [(240,)]
    assert governed.as_owner("SELECT count(*), max(seq) FROM cutter.governance_record") == [(12, 12)]
    assert governed.as_owner("SELECT cutter.governance_fault()") == [(None,)]


def test_the_same_cut_twice_at_the_same_time(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    with ThreadPoolExecutor(2) as pool:
        legs = [leg for leg, _ in pool.map(governed.cut, [plan, plan])]
    assert sorted(leg.created for leg in legs) == [0, 60]
    assert governed.as_owner("SELECT count(*) FROM cutter.information_unit") == [(60,)]
