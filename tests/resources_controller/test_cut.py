from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from governed import obeys_the_laws
from laws import change_of

from cutter.cut.faults import InvalidSource
from cutter.errors import Conflict, KillSwitchOff, StalePlan

if TYPE_CHECKING:
    from governed import Governed

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
SIXTY = {"source": "documents/constitution.md", "grammar": "documents/constitution.grammar.yml"}
LASTING = ("cutter.governance_head", "cutter.governance_record", "cutter.lifecycle_transition")


def cut(governed: Governed) -> None:
    governed.apply(governed.resource("document", **FILES))
    governed.apply(governed.resource("cut", **FILES))


def test_the_laws(governed: Governed) -> None:
    governed.apply(governed.resource("document", **FILES))
    obeys_the_laws(governed, governed.resource("cut", **FILES), lasting=LASTING)


def test_a_plan_says_how_many_units_of_which_type(bare: Governed) -> None:
    bare.install()
    resource = bare.resource("cut", **SIXTY, expect={"principle": 15, "section": 3, "article": 42})
    change = change_of(resource)
    assert resource.summary(change) == "+60 units (15 principle, 3 section, 42 article)"
    assert (change.after or {})["pin"] == resource.pin  # type: ignore[attr-defined]


def test_another_count_than_expected_is_refused_while_it_is_prepared(bare: Governed) -> None:
    with pytest.raises(InvalidSource, match="42 of section type article; 41 expected"):
        bare.resource("cut", **SIXTY, expect={"principle": 15, "section": 3, "article": 41})


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE cutter.information_unit SET body = body || '!' WHERE unit_ref = 'art_3'", "art_3 (body)"),
        ("UPDATE cutter.information_unit SET title = 'Noise' WHERE unit_ref = 'art_2'", "art_2 (title)"),
        ("DELETE FROM cutter.information_unit WHERE unit_ref = 'art_4'", "art_4 (missing)"),
    ],
)
def test_the_one_row_that_was_altered_is_named(statement: str, said: str, governed: Governed) -> None:
    cut(governed)
    governed.sql(statement)
    resource = governed.resource("cut", **FILES)
    change = change_of(resource)
    assert (change.before or {})["altered"] == said
    with pytest.raises(Conflict, match="not as it was written"):
        resource.apply(change, governed.content)


def test_an_altered_cut_is_not_taken_back(governed: Governed) -> None:
    cut(governed)
    governed.sql("UPDATE cutter.information_unit SET body = body || '!' WHERE unit_ref = 'art_3'")
    resource = governed.resource("cut", **FILES)
    with pytest.raises(StalePlan, match="art_3"):
        resource.apply(change_of(resource)._replace(after=None), governed.content)


def test_a_change_of_the_text_after_planning_is_refused(governed: Governed) -> None:
    resource = governed.resource("cut", **FILES)
    change = change_of(resource)
    path = governed.folder / FILES["source"]
    path.write_text(path.read_text().replace("turns off the lamps", "turns the lamps off"))
    governed.apply(governed.resource("document", **FILES))
    with pytest.raises(StalePlan, match="cut otherwise than planned"):
        resource.apply(change, governed.content)


def test_the_switch_comes_first(governed: Governed) -> None:
    governed.apply(governed.resource("document", **FILES))
    governed.context.run = "another-run"
    resource = governed.resource("cut", **FILES)
    with pytest.raises(KillSwitchOff):
        resource.apply(change_of(resource), governed.content)
    assert resource.observe() is None


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE cutter.cut SET verified = NULL", "the cut's own account (verdict)"),
        ("UPDATE cutter.cut SET recorded = verified", "the cut's own account (record)"),
        ("UPDATE cutter.cut SET unit_count = 8", "the cut's own account (unit_count)"),
        (
            "UPDATE cutter.cut SET writer_digest = 'sha256:' || repeat('0', 64)",
            "the cut's own account (writer_digest)",
        ),
        (
            "UPDATE cutter.information_unit SET body_hash = 'sha256:' || repeat('0', 64) WHERE ordinal = 6",
            "art_3 (body_hash)",
        ),
        (
            """ALTER TABLE cutter.governance_record DISABLE TRIGGER USER;
            DELETE FROM cutter.governance_record WHERE kind = 'verify'""",
            "the cut's own account (verdict)",
        ),
    ],
)
def test_what_was_altered_beside_the_units_is_named(statement: str, said: str, governed: Governed) -> None:
    cut(governed)
    governed.sql(statement)
    assert (change_of(governed.resource("cut", **FILES)).before or {})["altered"] == said
