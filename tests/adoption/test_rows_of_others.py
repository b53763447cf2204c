"""What others made in the table they own: it is read, and never taken over, altered or removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cut_cases import REF, Governed, cutplan
from cut_database.test_compensation import take_back

from cutter.cut.cutplan import plan
from cutter.cut.discover import FromFile
from cutter.cut.faults import InvalidSource
from cutter.cut.live import LiveDryRun
from cutter.errors import Conflict, StalePlan
from cutter.language.grammars import load_grammar

CUT = Path(__file__).parents[1] / "cut"
NEAR = """
INSERT INTO legacy.units
    (unit_ref, ordinal, unit_kind, section_type, title, content, body_hash, owner_ref, parent_id)
VALUES (%s, %s, %s, %s, %s, %s, 'none', %s,
        (SELECT id FROM legacy.units WHERE unit_ref = %s AND owner_ref = %s))
"""
FAR = """
INSERT INTO "OldLaws"."Passage" (address, "position", kind, heading, wording, law, part_of, edition)
VALUES (%s, %s, %s, %s, %s, %s, %s, 0)
"""
COUNT = {"near": "SELECT count(*) FROM legacy.units", "far": 'SELECT count(*) FROM "OldLaws"."Passage"'}


def by_others(governed: Governed, variant: str, ref: str, rows: list[tuple[object, ...]]) -> None:
    """Put rows there as their owner does: address, ordinal, kind, title, body, address of the parent."""
    with governed.provider("OWNER") as connection:
        for address, ordinal, kind, title, body, parent in rows:
            if variant == "near":
                connection.execute(NEAR, (address, ordinal, kind, kind, title, body, ref, parent, ref))
            else:
                connection.execute(FAR, (address, ordinal, kind, title, body, ref, parent))


def test_rows_without_a_stored_text_are_discovered(governed: Governed, variant: str) -> None:
    grammar = load_grammar(CUT / "constitution.grammar.yml")
    here = plan(FromFile("old-law", str(CUT / "constitution.md")).discover(grammar))
    rows = [(r.unit_ref, r.ordinal, r.unit_kind, r.title, r.body, r.parent_ref) for r in here.rows]
    by_others(governed, variant, "old-law", list(rows))
    discoverer = LiveDryRun(governed.by_role, "old-law")
    if variant == "far":  # that table knows no section types, so the rows cannot say them
        with pytest.raises(InvalidSource, match="section_type"):
            discoverer.dry_run(grammar)
        return
    found = discoverer.dry_run(grammar)
    assert [(r.unit_ref, r.ordinal, r.unit_kind, r.title, r.body, r.parent_ref) for r in found.rows] == rows


def test_a_row_of_others_under_the_same_address_is_not_taken_over(governed: Governed, variant: str) -> None:
    made = cutplan()
    seventh = made.rows[6]
    whole = (seventh.unit_ref, seventh.ordinal, seventh.unit_kind, seventh.title, seventh.body, None)
    by_others(governed, variant, REF, [whole])
    governed.load(made)
    with pytest.raises(Conflict, match=f"unit {seventh.unit_ref} is there already, and no cut made it"):
        governed.cut(made)
    assert governed.as_owner(COUNT[variant]) == [(1,)]


def test_the_same_addresses_in_another_document_of_others_disturb_nothing(
    governed: Governed, variant: str
) -> None:
    row = cutplan().rows[6]
    by_others(governed, variant, "old-law", [(row.unit_ref, 1, row.unit_kind, row.title, row.body, None)])
    governed.load(cutplan())
    leg, _ = governed.cut(cutplan())
    assert governed.as_owner(COUNT[variant]) == [(61,)]
    assert take_back(governed, leg.cut_id).removed == 60
    assert governed.as_owner(COUNT[variant]) == [(1,)]


def test_rows_of_others_cannot_be_deleted_through_our_view(governed: Governed, variant: str) -> None:
    by_others(governed, variant, "old-law", [("art_1", 1, "article", "Article 1", "Text.", None)])
    with pytest.raises(Exception, match="no cut made unit art_1"):
        governed.as_owner("DELETE FROM cutter.information_unit")
    assert governed.as_owner(COUNT[variant]) == [(1,)]


def test_a_row_of_others_under_a_unit_of_ours_keeps_it(governed: Governed, variant: str) -> None:
    if variant == "far":
        pytest.skip("there a parent is an address, which nothing holds")
    governed.load(cutplan())
    leg, _ = governed.cut(cutplan())
    by_others(governed, variant, REF, [("art_1__note", 61, "note", "A note", "By hand.", "art_1")])
    with pytest.raises(StalePlan, match=r"outside this schema"):
        take_back(governed, leg.cut_id)
    assert governed.as_owner(COUNT[variant]) == [(61,)]
