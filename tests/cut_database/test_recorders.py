"""Recorders know no number of their own, and the root hash of the fixture constitution is frozen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cut_cases import Governed, cutplan, many, sixty

from cutter.cut.cutplan import Cutplan, plan
from cutter.cut.digests import writer_digest
from cutter.cut.discover import FromFile
from cutter.cut.recorders import context_of
from cutter.errors import StepFailed
from cutter.language.grammars import load_grammar

CONSTITUTION = Path(__file__).parents[1] / "cut" / "constitution.md"
# What a cut of the fixture constitution writes, frozen. The d99a31d4... of the matrix's own constitution
# cannot be made again: its source text is not part of this project.
WRITER_DIGEST = "sha256:e872ddf292543bc09c4df2d8794604693adc058c011246055dab052090afb8cb"
OTHER = "sha256:" + "0" * 64
MEASURES = "SELECT m.* FROM cutter.document d, cutter.cut_measures(d.document_id) m ORDER BY d.document_id"


def constitution() -> Cutplan:
    grammar = load_grammar(CONSTITUTION.with_suffix(".grammar.yml"))
    return plan(FromFile(grammar.document_ref, str(CONSTITUTION)).discover(grammar))


def test_the_writer_digest_of_the_constitution_is_frozen(governed: Governed) -> None:
    found = constitution()
    assert dict(found.counts) == {"principle": 15, "section": 3, "article": 42}
    assert writer_digest(found.rows) == WRITER_DIGEST
    governed.load(found, text=CONSTITUTION.read_text(encoding="utf-8"))
    leg, verdict = governed.cut(found)
    assert (leg.writer_digest, verdict.writer_digest) == (WRITER_DIGEST, WRITER_DIGEST)
    assert governed.as_owner(MEASURES)[0][3] == WRITER_DIGEST


@pytest.mark.parametrize("count", [1, 7, 59, 61, 250])
def test_n_is_a_value_of_the_run(governed: Governed, count: int) -> None:
    found = cutplan(many(count))
    governed.load(found)
    _, verdict = governed.cut(found)
    assert verdict.body_hash_match_count == count
    ((body,),) = governed.as_owner("SELECT body FROM cutter.governance_record WHERE kind = 'cut'")
    told = json.loads(body)
    assert (told["unit_count"], told["body_hash_match_count"]) == (count, count)
    assert told["section_types"] == context_of("r", found.rows).expected_section_types
    assert told["writer_digest"] == writer_digest(found.rows)


def test_each_field_and_the_order_are_in_the_writer_digest() -> None:
    rows = sixty()
    known = writer_digest(rows)
    assert writer_digest(reversed(rows)) == known
    for field in ("unit_ref", "unit_kind", "section_type", "title", "owner_ref", "parent_ref", "body_hash"):
        changed: dict[str, Any] = {field: "x"}
        assert writer_digest((*rows[:9], rows[9]._replace(**changed), *rows[10:])) != known
    assert writer_digest((*rows[:-1], rows[-1]._replace(ordinal=99))) != known


def test_moving_a_letter_between_fields_is_seen() -> None:
    row = sixty()[0]
    one = row._replace(title="ab", owner_ref="c")
    other = row._replace(title="a", owner_ref="bc")
    assert writer_digest([one]) != writer_digest([other])


def test_a_cut_is_neither_recorded_nor_sealed_by_another_root_hash(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    with governed.adapter(plan) as adapter:
        leg = adapter.cut_leg_a(plan)
        adapter.leg_b_record(leg)
        with pytest.raises(
            StepFailed, match=r"root hash over the rows of cut .* the manifest says sha256:0000"
        ):
            adapter.write_verify(leg._replace(writer_digest=OTHER), plan)
    vars(plan)["root"] = OTHER
    with governed.adapter(plan) as adapter:
        leg = adapter.cut_leg_a(plan)
        with pytest.raises(StepFailed, match=r"root hash over the rows of cut .* its plan says sha256:0000"):
            adapter.leg_b_record(leg)
    assert governed.as_owner("SELECT count(*) FROM cutter.cut") == [(0,)]
