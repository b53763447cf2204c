"""A compensation that fails for real after its proof, loses its server, or commits and finds otherwise."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from governed_project import RUN
from revert_cases import AGAIN, BACK, Cutter

from cutter.app import reverting_cut
from cutter.cli import _revert_cut
from cutter.cut import committing
from cutter.errors import Unavailable

FIRST = {"cuts": [], "units": [(0,)], "lifecycle": [(1, "draft", None)]}
TRIGGER = """
    CREATE FUNCTION public.strike() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF session_user = 'cutter_enact_login' THEN {strike}; END IF;
        RETURN coalesce(NEW, OLD);
    END $$;
    CREATE {kind} TRIGGER strike {when} DELETE ON cutter.{table} {deferred}
        FOR EACH ROW EXECUTE FUNCTION public.strike();
"""
ADD_A_ROW = """
    INSERT INTO cutter.information_unit (document_id, unit_ref, ordinal, unit_kind, section_type, title, body,
        body_hash, owner_ref, created_run)
    VALUES (OLD.document_id, 'art_99', 99, 'article', 'article', 't', 'b', cutter.text_digest('b'),
        'reading-room', 'x')
"""
END_SESSION = "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60)"


def strikes(cutter: Cutter, strike: str, *, table: str = "information_unit", late: bool = False) -> None:
    """Let something happen when rows go, for the login that takes a cut back for real and no other."""
    how = ("CONSTRAINT", "AFTER", "DEFERRABLE INITIALLY DEFERRED") if late else ("", "BEFORE", "")
    words = dict(zip(("kind", "when", "deferred"), how, strict=True))
    cutter.project.sql(TRIGGER.format(strike=strike, table=table, **words))


def calm(cutter: Cutter) -> None:
    cutter.project.sql("DROP FUNCTION public.strike CASCADE")


@pytest.mark.parametrize("late", [False, True])
def test_a_failure_after_the_proof_halts_the_database(late: bool, cutter: Cutter) -> None:
    before = cutter.state()
    strikes(cutter, "RAISE EXCEPTION 'no space left'", late=late)
    answer = cutter.revert("cut:1")
    assert answer.code == 12, answer
    assert "the inverse was proved, and then failed for real" in answer.err
    assert "no space left" in answer.err
    assert "governed is halted: nothing runs there" in answer.err
    assert "next: by hand: find out why cut 1 (reading-room version 1, 9 units) could not" in answer.err
    assert cutter.state() == before
    stays_halted(cutter)
    calm(cutter)
    cutter.reverted("cut:1", AGAIN)
    assert cutter.state() == FIRST


def test_a_fresh_look_that_finds_a_row_halts_the_database(cutter: Cutter) -> None:
    strikes(cutter, ADD_A_ROW, table="cut")
    answer = cutter.revert("cut:1")
    assert answer.code == 12, answer
    assert "a fresh look finds 1 of its units" in answer.err
    assert "the compensation is committed" in answer.err
    assert cutter.compensations() == [(BACK,)]
    stays_halted(cutter)


def stays_halted(cutter: Cutter) -> None:
    for words in (("revert", "--yes", "cut:1"), ("apply", "--yes", cutter.path), ("revert", "--yes", RUN)):
        answer = cutter.project.cutter(*words)
        assert answer.code == 10, answer
        assert f"governed: it is halted: run {BACK} failed" in answer.err
    (halt,) = cutter.project.json("resolve")["halts"]
    assert (halt["run"], halt["target"]) == (BACK, "governed")
    assert cutter.project.cutter("resolve", BACK, "--reason", "looked at it").code == 0


@pytest.mark.parametrize("late", [False, True])
def test_a_connection_lost_before_the_end_leaves_all_of_it(late: bool, cutter: Cutter) -> None:
    before = cutter.state()
    strikes(cutter, END_SESSION, late=late)
    answer = cutter.revert("cut:1")
    assert answer.code == 69, answer
    assert "the connection was lost" in answer.err
    assert cutter.state() == before
    assert cutter.project.json("resolve")["halts"] == []
    calm(cutter)
    cutter.reverted("cut:1", AGAIN)
    assert cutter.state() == FIRST


def after_the_commit(monkeypatch: pytest.MonkeyPatch, strike: Callable[[], object]) -> None:
    """Let something happen when the real transaction is committed and its client does not know it yet."""
    commit = psycopg.Connection.commit

    def committed(self: psycopg.Connection[Any]) -> None:
        commit(self)
        if self.info.user == "cutter_enact_login":
            strike()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(psycopg.Connection, "commit", committed)


def test_a_connection_lost_after_the_commit_is_asked_about(
    cutter: Cutter, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_the_commit(monkeypatch, lambda: None)
    cutter.reverted("cut:1")
    assert cutter.state() == FIRST


def test_where_nobody_can_be_asked_the_next_command_looks(
    cutter: Cutter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(*given: object) -> None:
        del given
        raise Unavailable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(committing, "PATIENCE_SECONDS", 0)
        after_the_commit(patched, lambda: patched.setattr(committing, "reading", deaf))
        answer = cutter.revert("cut:1")
    assert answer.code == 21, answer
    assert "nobody can be asked what came of taking back cut 1" in answer.err
    assert cutter.project.entries("evidence")[-1]["outcome"] == "unknown"
    assert cutter.project.json("resolve")["halts"] == []
    answer = cutter.project.cutter("revert", "--yes", "cut:1")
    assert answer.code == 0, answer
    assert f"was taken back by run {BACK}" in answer.out
    assert cutter.project.json("runs", "show", BACK)["unknown"] == []
    assert cutter.project.entries("evidence")[-1]["outcome"] == "compensated"


def test_a_switch_that_goes_off_after_the_proof(cutter: Cutter, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cutter.state()
    prove = reverting_cut.prove_cut_revert

    def proved(*given: Any) -> Any:
        verdict = prove(*given)
        cutter.project.sql(
            "UPDATE cutter.kill_switch SET lease = now() - interval '1 s' WHERE run = %s", BACK
        )
        return verdict

    monkeypatch.setattr(_revert_cut, "prove_cut_revert", proved)
    assert cutter.revert("cut:1").code == 16
    assert cutter.state() == before
    assert cutter.project.json("resolve")["halts"] == []
    assert cutter.project.json("runs")["runs"][0]["exit_code"] == 16


def test_what_comes_to_depend_on_it_after_the_proof(cutter: Cutter, monkeypatch: pytest.MonkeyPatch) -> None:
    prove = reverting_cut.prove_cut_revert

    def proved(*given: Any) -> Any:
        verdict = prove(*given)
        cutter.project.sql("UPDATE cutter.information_unit SET body = 'edited' WHERE unit_ref = 'art_2'")
        return verdict

    monkeypatch.setattr(_revert_cut, "prove_cut_revert", proved)
    answer = cutter.revert("cut:1")
    assert answer.code == 20, answer
    assert "art_2 has another body" in answer.err
    assert cutter.state()["units"] == [(9,)]


def test_a_first_signal_during_the_proof_stops_it(cutter: Cutter, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cutter.state()
    prove = reverting_cut.prove_cut_revert

    def proved(*given: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return prove(*given)

    monkeypatch.setattr(_revert_cut, "prove_cut_revert", proved)
    answer = cutter.revert("cut:1")
    assert answer.code == 21, answer
    assert cutter.state() == before
