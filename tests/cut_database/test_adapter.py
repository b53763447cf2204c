"""The live adapter on a real server: one transaction, verified or nothing."""

from __future__ import annotations

from governed import Governed, cutplan


def test_sixty_units_are_cut_recorded_and_verified(governed: Governed) -> None:
    plan = cutplan()
    assert governed.load(plan) == "created"
    leg, verdict = governed.cut(plan)
    assert (leg.status, leg.created, leg.exists) == ("created", 60, 0)
    assert verdict.body_hash_match_count == 60
    counted = "SELECT section_type, count(*) FROM cutter.information_unit GROUP BY 1 ORDER BY 1"
    assert governed.as_owner(counted) == [("article", 42), ("principle", 15), ("section", 3)]
    kinds = governed.as_owner("SELECT kind FROM cutter.governance_record ORDER BY seq")
    assert kinds == [("document",), ("cut",), ("verify",)]
    assert governed.as_owner("SELECT cutter.governance_fault()") == [(None,)]
