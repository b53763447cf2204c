"""A connection that is lost during COMMIT: what came of the cut is found out, and never guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from cut_cases import REF, RUN, Governed, cutplan

from cutter.cut import committing
from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.recorders import context_of
from cutter.errors import Interrupted, Unavailable

DAY = date(2026, 7, 1)
COUNTS = "SELECT (SELECT count(*) FROM cutter.cut), (SELECT count(*) FROM cutter.information_unit)"
STATE = "SELECT state FROM cutter.lifecycle"
END_SESSION = """
    CREATE FUNCTION public.strike() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(60);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER strike AFTER INSERT ON cutter.governance_record DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.strike();
"""


@pytest.fixture
def loaded(governed: Governed) -> Governed:
    """Load the sixty units' text as version 1."""
    governed.load(cutplan())
    return governed


def lost_after(monkeypatch: pytest.MonkeyPatch, strike: Callable[[], object] = lambda: None) -> None:
    """Lose the connection when the server has committed and its client does not know it yet."""
    commit = psycopg.Connection.commit

    def committed(self: psycopg.Connection[Any]) -> None:
        commit(self)
        self.pgconn.finish()
        strike()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(psycopg.Connection, "commit", committed)


def test_a_cut_whose_connection_is_lost_after_the_commit_is_done(
    loaded: Governed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        lost_after(patched)
        _, verdict = loaded.cut(cutplan())
    assert verdict.body_hash_match_count == 60
    assert loaded.as_owner(COUNTS) == [(1, 60)]


def test_a_cut_whose_session_ends_within_the_commit_is_rolled_back(loaded: Governed) -> None:
    loaded.as_owner(END_SESSION)
    with pytest.raises(Unavailable, match="the connection was lost") as caught:
        loaded.cut(cutplan())
    assert "rolled back" in caught.value.world
    loaded.as_owner("DROP FUNCTION public.strike CASCADE")
    assert loaded.as_owner(COUNTS) == [(0, 0)]
    loaded.cut(cutplan())
    assert loaded.as_owner(COUNTS) == [(1, 60)]


def test_where_nobody_can_be_asked_nothing_is_claimed(
    loaded: Governed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(*given: object) -> None:
        del given
        raise Unavailable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(committing, "PATIENCE_SECONDS", 0)
        lost_after(patched, lambda: patched.setattr(committing, "reading", deaf))
        with pytest.raises(Interrupted, match=f"what came of the cut of version 1 of {REF}") as caught:
            loaded.cut(cutplan())
    assert "not known" in caught.value.world
    assert loaded.as_owner(COUNTS) == [(1, 60)]
    assert loaded.cut(cutplan())[0].status == "exists"


def test_an_enactment_is_found_out_likewise(loaded: Governed, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded.cut(cutplan())
    loaded.as_owner(END_SESSION)
    with pytest.raises(Unavailable):
        loaded.enact(cutplan(), DAY)
    loaded.as_owner("DROP FUNCTION public.strike CASCADE")
    assert loaded.as_owner(STATE) == [("draft",)]
    with monkeypatch.context() as patched:
        lost_after(patched)
        assert loaded.enact(cutplan(), DAY) == "enacted"
    assert loaded.as_owner(STATE) == [("enacted",)]


def test_an_adapter_goes_on_after_a_lost_commit(loaded: Governed, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = cutplan()
    with ProductionLiveExecutionAdapter(loaded.by_role, context_of(RUN, plan.rows)) as adapter:
        with monkeypatch.context() as patched:
            lost_after(patched)
            adapter.execute(plan)
        assert adapter.cut_leg_a(plan).status == "exists"
