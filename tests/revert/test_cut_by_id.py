"""One cut is taken back by its id: shown whole, refused with every reason, proved, done, looked at again."""

from __future__ import annotations

import json

import pytest
from governed_project import RUN, STEPS
from project import gap_matrix
from revert_cases import AGAIN, BACK, Cutter

FIRST = {"cuts": [], "units": [(0,)], "lifecycle": [(1, "draft", None)]}


def test_all_of_it_is_gone_and_recorded(cutter: Cutter) -> None:
    answer = cutter.reverted("cut:1")
    assert cutter.state() == FIRST
    assert cutter.compensations() == [(BACK,)]
    assert (answer["run"], answer["exit_code"], answer["manual"]) == (BACK, 0, {})
    (step,) = answer["steps"]
    assert (step["target"], step["step"], step["outcome"]) == ("governed", "cut:1", "compensated")
    assert (step["before"]["document"], step["observed"]) == ("reading-room version 1, enacted", None)
    (cut,) = answer["cuts"]
    assert cut["cut"] == "cut:governed:1"
    assert (cut["document_ref"], cut["version"], cut["state"], cut["run"]) == (
        *("reading-room", 1, "enacted", RUN),
    )
    assert cut["section_types"] == {"preamble": 1, "article": 4, "paragraph": 4}
    assert (cut["restores"], cut["dependants"]) == (None, [])
    run = cutter.project.json("runs", "show", BACK)
    assert (run["verb"], run["runbook"], run["state"], run["exit_code"]) == ("revert", "site", "finished", 0)
    started = cutter.project.entries("run")[-1]
    assert started["reverts"] == "cut:governed:1"
    assert started["proved"]["statements"] > 3


def test_everything_is_shown_before_anybody_is_asked(cutter: Cutter) -> None:
    cutter.second()
    before = cutter.state()
    with cutter.switched_on():
        answer = cutter.project.cutter("revert", "--no-input", "cut:governed:2")
    assert answer.code == 64
    assert "nobody can be asked here" in answer.err
    for line in (
        "cut:governed:2: reading-room version 2",
        "state     enacted",
        "cut by    run 20260101T000005Z-abcdef",
        "pin       v1:",
        "removes   9 units (1 preamble, 4 article, 4 paragraph)",
        "    art_1__para_1  (1)",
        "restores  version 1 of reading-room, in force again",
        "depends   nothing depends on it",
    ):
        assert line in answer.out
    assert cutter.state() == before


def test_twenty_units_are_named_and_the_rest_counted(cutter: Cutter) -> None:
    files = "{source: documents/constitution.md, grammar: documents/constitution.grammar.yml}"
    steps = f"  - name: Load\n    document: {files}\n  - name: Cut\n    cut: {files}\n"
    cutter.apply(cutter.project.governed(steps, "sixty"), "20260101T000006Z-abcdef")
    answer = cutter.revert("cut:2")
    assert answer.code == 0, answer
    assert len([line for line in answer.out.splitlines() if line.startswith("    ")]) == 21
    assert "    and 40 more" in answer.out
    assert "restores  nothing: it was never in force" in answer.out


def test_the_version_before_is_in_force_again(cutter: Cutter) -> None:
    before = cutter.state()
    cutter.second()
    answer = cutter.revert("cut:2")
    assert answer.code == 0, answer
    assert "version 1 of reading-room is in force again" in answer.out
    after = cutter.state()
    assert after["lifecycle"] == [*before["lifecycle"], (2, "draft", None)]
    assert (after["cuts"], after["units"]) == (before["cuts"], before["units"])


NOTES = "CREATE TABLE notes (unit_id bigint REFERENCES cutter.information_unit {rule})"
FILLED = "INSERT INTO notes SELECT unit_id FROM cutter.information_unit ORDER BY 1 LIMIT 2"
DEPENDANTS: dict[str, tuple[list[str], list[str]]] = {
    "edit": (
        ["UPDATE cutter.information_unit SET body = 'other' WHERE unit_ref IN ('art_2', 'art_4')"],
        ["edit: unit art_2 has another body than was cut; unit art_4 has another body than was cut"],
    ),
    "outside reference": (
        [NOTES.format(rule=""), FILLED, "GRANT SELECT ON notes TO cutter_owner"],
        ["outside reference: 2 of public.notes to cutter.information_unit"],
    ),
    "outside reference that would follow": (
        [NOTES.format(rule="ON DELETE CASCADE"), FILLED],
        ["outside reference: rows of public.notes to cutter.information_unit, which nobody may look at"],
    ),
    "outside reference to the cut": (
        [
            "CREATE TABLE notes (document_id bigint, cut_id bigint REFERENCES cutter.cut ON DELETE SET NULL)",
            "INSERT INTO notes SELECT 7, cut_id FROM cutter.cut",
            "GRANT SELECT ON notes TO cutter_owner",
        ],
        ["outside reference: 1 of public.notes to cutter.cut"],
    ),
}


@pytest.mark.parametrize("case", DEPENDANTS)
def test_what_depends_on_it_is_shown_and_refuses(case: str, cutter: Cutter) -> None:
    statements, told = DEPENDANTS[case]
    for statement in statements:
        cutter.project.sql(statement)
    refuses(cutter, "cut:1", told)


def test_a_later_cut_refuses(cutter: Cutter) -> None:
    cutter.second(enacted=False)
    refuses(cutter, "cut:1", ["later cut: cut 2 of version 2 of reading-room"])


def test_a_supersession_refuses(cutter: Cutter) -> None:
    cutter.second()
    told = ["supersession: version 1 of reading-room is superseded by 2", "later cut: cut 2"]
    refuses(cutter, "cut:1", told)


def test_a_revocation_refuses(cutter: Cutter) -> None:
    with cutter.project.held_on(AGAIN):
        cutter.project.sql("SELECT cutter.fn_lifecycle_revoke('reading-room', 1, '2026-08-01', %s)", AGAIN)
    refuses(cutter, "cut:1", ["revocation: version 1 of reading-room is revoked"])


def test_a_table_without_such_rows_does_not_refuse(cutter: Cutter) -> None:
    cutter.project.sql(NOTES.format(rule="ON DELETE CASCADE"))
    assert cutter.revert("cut:1").code == 0


def test_a_reference_that_nobody_may_look_at_is_found_by_the_proof(cutter: Cutter) -> None:
    cutter.project.sql(NOTES.format(rule=""))
    cutter.project.sql(FILLED)
    before = cutter.state()
    answer = cutter.revert("cut:1")
    assert answer.code == 20
    assert "outside this schema refers to the units of cut 1" in answer.err
    assert cutter.state() == before
    assert cutter.project.entries("intent")[-1]["run"] == RUN


def refuses(cutter: Cutter, what: str, told: list[str]) -> None:
    before = cutter.state()
    answer = cutter.revert(what)
    assert answer.code == 20, answer
    for words in told:
        assert f"depends   {words}" in answer.out
        assert words in answer.err
    assert cutter.state() == before
    assert cutter.project.entries("refusal")[-1]["exit_code"] == 20
    assert json.loads(cutter.revert(what, "--json").out)["error"]["code"] == 20


def test_the_kill_switch_is_asked_before_anybody_is(cutter: Cutter) -> None:
    before = cutter.state()
    answer = cutter.project.cutter("revert", "--yes", "cut:1")
    assert answer.code == 16
    assert "cut:governed:1: reading-room version 1" in answer.out
    assert "next: revert it by an approved plan of its own" in answer.err
    assert cutter.state() == before
    assert cutter.project.entries("refusal")[-1]["exit_code"] == 16
    assert cutter.project.json("runs")["runs"][0]["run"] == RUN


def test_a_proof_that_is_worth_nothing_stops_it(cutter: Cutter) -> None:
    before = cutter.state()
    cutter.project.sql("ALTER ROLE cutter_rehearsal_login REPLICATION")
    try:
        answer = cutter.revert("cut:1")
    finally:
        cutter.project.sql("ALTER ROLE cutter_rehearsal_login NOREPLICATION")
    assert answer.code == 13, answer
    assert cutter.state() == before
    assert cutter.project.entries("refusal")[-1]["exit_code"] == 13


@pytest.mark.parametrize("words", ["cut:", "cut:x", "cut:-1", "cut:1.0", "cut:nowhere:1", "cut:" + "9" * 40])
def test_words_that_name_no_cut(words: str, cutter: Cutter) -> None:
    answer = cutter.project.cutter("revert", "--yes", words)
    assert answer.code == 64, answer
    assert "Traceback" not in answer.err


def test_a_cut_that_was_never_there(cutter: Cutter) -> None:
    answer = cutter.revert("cut:7")
    assert answer.code == 10
    assert "there is no cut 7" in answer.err


def test_with_two_databases_the_database_must_be_named(cutter: Cutter) -> None:
    inventory = cutter.project.folder / "inventory/here/databases.yml"
    inventory.write_text(inventory.read_text() + "other: {production: no, dsn: host=/nowhere dbname=x}\n")
    answer = cutter.project.cutter("revert", "--yes", "cut:1")
    assert answer.code == 64
    assert "does not say in which database; the inventory has governed, other" in answer.err
    assert cutter.revert("cut:governed:1").code == 0


def test_without_a_name_everything_that_has_one_is_listed(cutter: Cutter) -> None:
    inventory = cutter.project.folder / "inventory/here/databases.yml"
    more = "other: {production: no, dsn: host=/nowhere dbname=x}\nnew: {production: no, embedded: /nowhere}\n"
    inventory.write_text(inventory.read_text() + more)
    answer = cutter.project.cutter("revert")
    assert answer.code == 64
    assert f"  {RUN}  apply site, " in answer.out
    assert f"  cut:governed:1  reading-room version 1, enacted, 9 units, by run {RUN}" in answer.out
    assert "  cuts of other: the server" in answer.out
    assert "  cuts of new: its server was never started" in answer.out
    told = json.loads(cutter.project.cutter("revert", "--json").out)
    assert told["error"]["code"] == 64
    assert [cut["cut"] for cut in told["cuts"]] == ["cut:governed:1"]
    assert told["runs"][0]["run"] == RUN
    assert cutter.state()["units"] == [(9,)]


def test_what_is_taken_back_already_needs_nothing(cutter: Cutter) -> None:
    assert cutter.revert("cut:1").code == 0
    answer = cutter.project.cutter("revert", "--yes", "cut:1")
    assert answer.code == 0
    assert f"was taken back by run {BACK}; nothing is left of it" in answer.out
    told = json.loads(cutter.project.cutter("revert", "--yes", "--json", "cut:1").out)
    assert (told["taken_back_by"], told["run"]) == (BACK, None)
    assert cutter.compensations() == [(BACK,)]


def test_a_compensation_is_not_taken_back(cutter: Cutter) -> None:
    assert cutter.revert("cut:1").code == 0
    answer = cutter.revert(BACK, run=AGAIN)
    assert answer.code == 64
    assert "a compensation is never taken back" in answer.err
    cutter.apply(cutter.path, AGAIN)
    assert cutter.state()["units"] == [(9,)]


def test_its_evidence_counts_no_longer_in_any_runbook(cutter: Cutter) -> None:
    objectives = (f"{{runbook: {name}.yml, steps: [cut, enact]}}" for name in ("site", "other"))
    cutter.project.write("runbooks/gap-matrix.yml", gap_matrix(*objectives))
    other = cutter.project.governed(STEPS, "other")
    for path in (cutter.path, other):
        assert cutter.project.cutter("verify", path).code == 0
    assert cutter.gap() == "CLOSED"
    assert cutter.revert("cut:1").code == 0
    assert cutter.gap() == "OPEN"
    for path in (cutter.path, other):
        assert cutter.project.cutter("verify", path).code == 2
    assert cutter.gap() == "OPEN"
    cutter.apply(cutter.path, AGAIN)
    assert cutter.project.cutter("verify", other).code == 0
    assert cutter.gap() == "CLOSED"


def test_evidence_about_another_document_stays(cutter: Cutter) -> None:
    files = "{source: documents/constitution.md, grammar: documents/constitution.grammar.yml}"
    steps = f"  - name: Load\n    document: {files}\n  - name: Cut\n    cut: {files}\n"
    cutter.project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: sixty.yml, steps: all}"))
    cutter.apply(cutter.project.governed(steps, "sixty"), "20260101T000006Z-abcdef")
    assert cutter.gap() == "CLOSED"
    assert cutter.revert("cut:1").code == 0
    assert cutter.gap() == "CLOSED"
