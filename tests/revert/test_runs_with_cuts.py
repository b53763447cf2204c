"""A run that cut something is taken back by the same inverse: shown, refused, proved, done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from governed_project import RUN, STEPS
from project import gap_matrix

from cutter.database import rollback_only

if TYPE_CHECKING:
    import pytest
    from revert_cases import Cutter

EMPTY: dict[str, list[Any]] = {"cuts": [], "units": [(0,)], "lifecycle": []}
LOADED = STEPS.partition("  - name: Cut\n")[0]


def test_its_cut_is_shown_before_anybody_is_asked(cutter: Cutter) -> None:
    before = cutter.state()
    with cutter.switched_on():
        answer = cutter.project.cutter("revert", "--no-input", RUN)
    assert answer.code == 64
    assert "would take back 3 steps on governed, newest first:" in answer.out
    assert "cut:governed:1: reading-room version 1" in answer.out
    assert "removes   9 units (1 preamble, 4 article, 4 paragraph)" in answer.out
    assert cutter.state() == before


def test_all_of_it_is_gone(cutter: Cutter) -> None:
    answer = cutter.reverted(RUN)
    assert cutter.state() == EMPTY
    assert [step["outcome"] for step in answer["steps"]] == ["compensated"] * 3
    assert [cut["cut"] for cut in answer["cuts"]] == ["cut:governed:1"]


def test_what_depends_on_its_cut_is_shown_and_refuses(cutter: Cutter) -> None:
    cutter.second(enacted=False)
    before = cutter.state()
    answer = cutter.revert(RUN)
    assert answer.code == 20, answer
    for said in (answer.out, answer.err):
        assert "later cut: cut 2 of version 2 of reading-room" in said
    assert "load: the run did not put" in answer.err
    assert ", version 2 of reading-room there" in answer.err
    assert cutter.state() == before
    assert cutter.project.entries("refusal")[-1]["exit_code"] == 20


def test_a_document_that_another_run_cut_is_refused_when_planned(cutter: Cutter) -> None:
    cutter.reverted(RUN)
    load, cut = "20260101T000020Z-abcdef", "20260101T000021Z-abcdef"
    cutter.apply(cutter.project.governed(LOADED, "only"), load)
    cutter.apply(cutter.path, cut)
    before = cutter.state()
    answer = cutter.revert(load, run="20260101T000022Z-abcdef")
    assert answer.code == 20, answer
    assert "load: the run did not put the cut of version 1 of reading-room there" in answer.err
    assert cutter.project.json("runs")["runs"][0]["run"] == cut, "no run was begun for it"
    assert cutter.state() == before
    assert cutter.revert(cut, run="20260101T000023Z-abcdef").code == 0
    assert cutter.revert(load, run="20260101T000024Z-abcdef").code == 0
    assert cutter.state() == EMPTY


def test_it_is_proved_before_it_is_done(cutter: Cutter, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cutter.state()
    with monkeypatch.context() as patched:
        patched.setattr(rollback_only, "differences", lambda *_: ["the table t differs"])
        answer = cutter.revert(RUN)
    assert answer.code == 13, answer
    assert "the table t differs" in answer.err
    assert cutter.state() == before
    assert cutter.project.json("runs")["runs"][0]["run"] == RUN
    assert cutter.project.entries("refusal")[-1]["exit_code"] == 13


def test_without_the_switch_nothing_is_done(cutter: Cutter) -> None:
    before = cutter.state()
    answer = cutter.project.cutter("revert", "--yes", "--json", RUN)
    assert answer.code == 16
    assert json.loads(answer.out)["error"]["code"] == 16
    assert cutter.state() == before


def test_a_failure_after_the_proof_halts_the_database(cutter: Cutter) -> None:
    cutter.project.sql(
        "CREATE FUNCTION public.strike() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF session_user = 'cutter_enact_login' THEN RAISE EXCEPTION 'no space left'; END IF;"
        " RETURN OLD; END $$"
    )
    trigger = "CREATE TRIGGER strike BEFORE DELETE ON cutter.information_unit"
    cutter.project.sql(f"{trigger} FOR EACH ROW EXECUTE FUNCTION public.strike()")
    answer = cutter.revert(RUN)
    assert answer.code == 12, answer
    assert "no space left" in answer.out
    assert "governed is halted" in answer.out
    assert cutter.state()["units"] == [(9,)]
    assert cutter.project.json("resolve")["halts"][0]["target"] == "governed"


def test_evidence_of_other_runbooks_counts_no_longer(cutter: Cutter) -> None:
    cutter.project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: other.yml, steps: [cut, enact]}"))
    other = cutter.project.governed(STEPS, "other")
    assert cutter.project.cutter("verify", other).code == 0
    assert cutter.gap() == "CLOSED"
    cutter.reverted(RUN)
    assert cutter.gap() == "OPEN"
