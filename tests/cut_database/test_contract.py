"""What the adapter promises, over psycopg 3 and over psycopg2 behind its shim."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from cut_cases import REF, RUN, Governed, cutplan, sixty

from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.cutplan import Cutplan
from cutter.cut.recorders import context_of
from cutter.database.places import ROLE_LOGINS
from cutter.errors import Conflict, KillSwitchOff, StepFailed
from cutter.model.canonical import bytes_digest

Adapt = Callable[[Cutplan], ProductionLiveExecutionAdapter]
NASTY = ("a\tb\\N\n\\.\r\nc", "%s %(x)s $1 {}", "“ü” \U0001f600 \u2028\ufeff", "'; DROP TABLE x; --", "\\")


@pytest.fixture(params=["psycopg", "psycopg2"])
def adapt(request: pytest.FixtureRequest, governed: Governed) -> Adapt:
    """Give adapters whose connections are of one driver or the other."""

    def by_psycopg2(role: str) -> Any:
        from cutter.database.shim import open_psycopg2

        place = governed.provider.place
        return open_psycopg2(place, place.login(ROLE_LOGINS[role]))

    if request.param == "psycopg2":
        pytest.importorskip("psycopg2")
    provider = by_psycopg2 if request.param == "psycopg2" else governed.by_role
    return lambda plan: governed.stack.enter_context(
        ProductionLiveExecutionAdapter(provider, context_of(RUN, plan.rows))
    )


def test_cut_record_verify_enact_and_again(governed: Governed, adapt: Adapt) -> None:
    plan = cutplan()
    governed.load(plan)
    leg, verdict = adapt(plan).execute(plan)
    assert (leg.created, verdict.body_hash_match_count) == (60, 60)
    enacting = adapt(plan)
    assert enacting.lifecycle_enact(REF, 1, date(2026, 1, 1)) == "enacted"
    enacting.commit()
    again, _ = adapt(plan).execute(plan)
    assert (again.status, again.exists) == ("exists", 60)


def test_every_text_arrives_as_it_is(governed: Governed, adapt: Adapt) -> None:
    rows = sixty()
    nasty = tuple(
        row._replace(title=text, body=text, body_hash=bytes_digest(text.encode()))
        for row, text in zip(rows, (f"Words {text}" for text in NASTY), strict=False)
    )
    plan = cutplan((*nasty, *rows[len(nasty) :]))
    governed.load(plan)
    adapt(plan).execute(plan)
    there = governed.as_owner("SELECT title, body FROM cutter.information_unit ORDER BY ordinal LIMIT 5")
    assert there == [(row.title, row.body) for row in nasty]


def test_a_row_that_was_altered_is_named(governed: Governed, adapt: Adapt) -> None:
    plan = cutplan()
    governed.load(plan)
    leg, _ = adapt(plan).execute(plan)
    governed.as_owner("UPDATE cutter.information_unit SET body = body || '.' WHERE unit_ref = 'art_42'")
    with pytest.raises(StepFailed, match=r"1 units are not as planned: unit art_42 was altered: body"):
        adapt(plan).write_verify(leg, plan)


def test_what_the_database_raises_is_said_in_our_words(governed: Governed, adapt: Adapt) -> None:
    with pytest.raises(Conflict, match="version 1 of constitution is not loaded"):
        adapt(cutplan()).cut_leg_a(cutplan())
    governed.as_owner("DELETE FROM cutter.kill_switch")
    with pytest.raises(KillSwitchOff):
        adapt(cutplan()).cut_leg_a(cutplan())


def test_closing_without_a_commit_leaves_nothing(governed: Governed, adapt: Adapt) -> None:
    plan = cutplan()
    governed.load(plan)
    adapter = adapt(plan)
    adapter.leg_b_record(adapter.cut_leg_a(plan))
    adapter.close()
    assert governed.as_owner("SELECT count(*) FROM cutter.cut") == [(0,)]
