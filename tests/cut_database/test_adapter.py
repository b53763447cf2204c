"""The live adapter on a real server: one transaction, verified or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from cut_cases import REF, RUN, Governed, cutplan, sixty, unit

from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.recorders import CutLeg, RunContext
from cutter.errors import Conflict, InvalidDocument, KillSwitchOff, StepFailed, Unavailable
from cutter.model.canonical import bytes_digest

COUNTS = "SELECT section_type, count(*) FROM cutter.information_unit GROUP BY 1 ORDER BY 1"
EMPTY = "SELECT (SELECT count(*) FROM cutter.cut), (SELECT count(*) FROM cutter.information_unit)"
KINDS = "SELECT kind FROM cutter.governance_record ORDER BY seq"
LEG = CutLeg(1, 1, "created", 60, 0, "sha256:" + "0" * 64)

Call = Callable[[ProductionLiveExecutionAdapter], object]


def test_sixty_units_are_cut_recorded_and_verified(governed: Governed) -> None:
    plan = cutplan()
    assert governed.load(plan) == "created"
    leg, verdict = governed.cut(plan)
    assert (leg.status, leg.created, leg.exists) == ("created", 60, 0)
    assert (verdict.body_hash_match_count, verdict.writer_digest) == (60, leg.writer_digest)
    assert governed.as_owner(COUNTS) == [("article", 42), ("principle", 15), ("section", 3)]
    assert governed.as_owner(KINDS) == [("document",), ("cut",), ("verify",)]
    assert governed.as_owner("SELECT cutter.governance_fault()") == [(None,)]


def test_the_same_document_again_is_a_no_op(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    first, verdict = governed.cut(plan)
    before = governed.as_owner("SELECT * FROM cutter.information_unit ORDER BY unit_id")
    governed.switch_on("run-2")
    assert governed.load(plan, run="run-2") == "exists"
    again, seen = governed.cut(plan, run="run-2")
    assert (again.status, again.created, again.exists, again.cut_id) == ("exists", 0, 60, first.cut_id)
    assert seen.record == verdict.record
    assert governed.as_owner("SELECT * FROM cutter.information_unit ORDER BY unit_id") == before
    assert governed.as_owner(KINDS) == [("document",), ("cut",), ("verify",)]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda adapter: adapter.cut_leg_a(cutplan()), id="cut_leg_a"),
        pytest.param(lambda adapter: adapter.leg_b_record(LEG), id="leg_b_record"),
        pytest.param(lambda adapter: adapter.write_verify(LEG, cutplan()), id="write_verify"),
        pytest.param(lambda adapter: adapter.lifecycle_enact(REF, 1, date(2026, 1, 1)), id="lifecycle_enact"),
    ],
)
def test_the_kill_switch_is_the_first_line_of_each(installed: Governed, call: Call) -> None:
    with pytest.raises(KillSwitchOff) as caught:
        call(installed.adapter(cutplan()))
    assert caught.value.exit_code == 16
    assert installed.as_owner(EMPTY) == [(0, 0)]


def test_a_switch_that_goes_off_before_the_commit_lets_nothing_be_committed(installed: Governed) -> None:
    plan = cutplan()
    installed.switch_on()
    installed.load(plan)
    adapter = installed.adapter(plan)
    leg = adapter.cut_leg_a(plan)
    adapter.leg_b_record(leg)
    adapter.write_verify(leg, plan)
    installed.as_owner("DELETE FROM cutter.kill_switch")
    with pytest.raises(KillSwitchOff):
        adapter.commit()
    adapter.close()
    assert installed.as_owner(EMPTY) == [(0, 0)]


def test_what_is_not_verified_is_not_committed(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    adapter = governed.adapter(plan)
    adapter.leg_b_record(adapter.cut_leg_a(plan))
    with pytest.raises(StepFailed, match="not verified"):
        adapter.commit()
    assert governed.as_owner(EMPTY) == [(0, 0)]


def test_the_database_itself_refuses_a_commit_without_verify(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    adapter = governed.adapter(plan)
    adapter.leg_b_record(adapter.cut_leg_a(plan))
    adapter._unverified.clear()
    with pytest.raises(StepFailed, match="not recorded and verified"):
        adapter.commit()
    adapter.close()
    assert governed.as_owner(EMPTY) == [(0, 0)]


def test_a_count_that_the_run_does_not_expect_is_refused_before_anything(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    context = RunContext(RUN, 61, {"principle": 15, "section": 3, "article": 43})
    adapter = ProductionLiveExecutionAdapter(governed.by_role, context)
    with adapter, pytest.raises(Conflict, match="the run expects"):
        adapter.cut_leg_a(plan)


@pytest.mark.parametrize(
    ("field", "value"),
    [("body", "O4-DRYRUN-SHADOW"), ("title", "TODO"), ("unit_kind", ""), ("section_type", "")],
)
def test_the_guard_of_leg_a_covers_body_title_kind_and_section_type(
    governed: Governed, field: str, value: str
) -> None:
    rows = sixty()
    changed: dict[str, Any] = {field: value}
    bad = rows[7]._replace(**changed)
    bad = bad._replace(body_hash=bytes_digest(bad.body.encode()))
    plan = cutplan((*rows[:7], bad, *rows[8:]))
    governed.load(plan)
    with pytest.raises(InvalidDocument, match=bad.unit_ref):
        governed.adapter(plan).cut_leg_a(plan)


def test_a_document_that_is_not_loaded_is_not_cut(governed: Governed) -> None:
    with pytest.raises(Conflict, match="is not loaded"):
        governed.adapter(cutplan()).cut_leg_a(cutplan())


def test_another_plan_for_the_same_version_is_refused(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    governed.cut(plan)
    other = cutplan((*plan.rows[:-1], unit(60, "article", "art_99", "sec_3")), text=governed.text_of(plan))
    with pytest.raises(Conflict, match="by another plan"):
        governed.adapter(other).cut_leg_a(other)


ALTER = "UPDATE cutter.information_unit SET {} WHERE unit_ref = 'art_7'"


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        (ALTER.format("body = body || '.'"),
         "unit art_7 was altered: body, body_hash"),
        (ALTER.format("body = 'x', body_hash = cutter.text_digest('x')"),
         "unit art_7 was altered: body"),
        (ALTER.format("title = 'Another'"), "altered: title"),
        (ALTER.format("parent_id = NULL"), "altered: parent"),
        ("DELETE FROM cutter.information_unit WHERE unit_ref = 'art_7'", "unit art_7 is missing"),
        (ALTER.format("unit_ref = 'art_0'"),
         "unit art_0 is not in the plan; unit art_7 is missing"),
    ],
)  # fmt: skip
def test_verify_names_the_one_row_that_was_tampered_with(
    governed: Governed, tampering: str, finding: str
) -> None:
    plan = cutplan()
    governed.load(plan)
    leg, _ = governed.cut(plan)
    governed.as_owner(tampering)
    adapter = governed.adapter(plan)
    with pytest.raises(StepFailed) as caught:
        adapter.write_verify(leg, plan)
    assert finding in caught.value.cause
    assert "art_8" not in caught.value.cause


def test_recording_counts_what_is_there_and_not_what_was_sent(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    adapter = governed.adapter(plan)
    leg = adapter.cut_leg_a(plan)
    other = RunContext(RUN, 60, {"principle": 14, "section": 4, "article": 42})
    adapter._context = other
    with pytest.raises(StepFailed, match=r"60 units.*expected were 60"):
        adapter.leg_b_record(leg)


def test_a_connection_lost_in_the_middle_leaves_nothing(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    adapter = governed.adapter(plan)
    leg = adapter.cut_leg_a(plan)
    governed.as_owner(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'cutter_writer_login'"
    )
    with pytest.raises(Unavailable):
        adapter.leg_b_record(leg)
    adapter.close()
    assert governed.as_owner(EMPTY) == [(0, 0)]
    assert governed.cut(plan)[0].created == 60


def test_units_come_by_an_open_cut_of_their_own_run_alone(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    governed.cut(plan)
    late = unit(61, "article", "art_61", "sec_3")
    with governed.provider("WRITER") as connection:
        connection.execute("SET LOCAL ROLE cutter_cut")
        with pytest.raises(psycopg.Error, match="no open cut"):
            connection.execute(
                "SELECT cutter.fn_iu_create(1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    late.unit_ref,
                    61,
                    "article",
                    "article",
                    late.title,
                    late.body,
                    REF,
                    "sec_3",
                    late.body_hash,
                    RUN,
                ),
            )
        connection.rollback()
