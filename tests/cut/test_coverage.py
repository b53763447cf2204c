"""Every byte has its place, and no byte can be changed or taken away unseen."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from cut_texts import LAW, PREAMBLE, RULES, planned

from cutter.cut.coverage import uncovered, verify
from cutter.cut.cutplan import Cutplan
from cutter.cut.rows import CutplanRow, Ignorable, Span
from cutter.model.canonical import bytes_digest

TEXT = """---
title: x
---

# The law

<!-- a comment -->

## Section 1. Words

### Article 1. First \U0001f600

Words, *marked*.

(1) One
line more.

(2) Two

---

## Section 2. Numbers

Own text.

### Article 2. Last

1\\. No list.
"""


def parted(source: bytes, cutplan: Cutplan) -> bool:
    """Tell whether spans of units and ignorable bytes, sorted, are the source and nothing twice."""
    spans = sorted([*(tuple(row.span) for row in cutplan.rows), *(item[:2] for item in cutplan.ignorable)])
    return b"".join(source[start:end] for start, end in spans) == source and all(
        before[1] == after[0] for before, after in pairwise(spans)
    )


@pytest.fixture(scope="module")
def source() -> bytes:
    return TEXT.encode()


@pytest.fixture(scope="module")
def cutplan(source: bytes) -> Cutplan:
    return planned(source, LAW)


def test_the_spans_part_the_source(source: bytes, cutplan: Cutplan) -> None:
    assert parted(source, cutplan)
    assert verify(source, cutplan) == ()


def test_no_byte_can_be_deleted_changed_or_added(source: bytes, cutplan: Cutplan) -> None:
    for at in range(len(source)):
        assert verify(source[:at] + source[at + 1 :], cutplan), at
        assert verify(source[:at] + bytes([source[at] ^ 1]) + source[at + 1 :], cutplan), at
        assert verify(source[:at] + b" " + source[at:], cutplan), at
    assert verify(source + b"\n", cutplan)
    assert verify(b"", cutplan)


def test_a_changed_body_is_named_with_its_line(source: bytes, cutplan: Cutplan) -> None:
    altered = source.replace(b"Two", b"Too")
    assert [fault[:3] for fault in verify(altered, cutplan)] == [
        (18, "altered", "the body of art_1__para_2 is another")
    ]


def test_a_changed_title_is_named(source: bytes, cutplan: Cutplan) -> None:
    (fault,) = verify(source.replace(b"Numbers", b"Numberz"), cutplan)
    assert fault.what == "the title of sec_2 is another"


def test_only_the_first_of_what_moved_is_named(source: bytes, cutplan: Cutplan) -> None:
    (fault,) = verify(source.replace(b"One", b"On"), cutplan)
    assert fault.what == "the body of art_1__para_1 is another"


def test_changed_markup_is_seen(source: bytes, cutplan: Cutplan) -> None:
    (fault,) = verify(source.replace(b"## Section 2", b"## Section 3"), cutplan)
    assert "outside" in fault.what


def test_a_row_whose_hash_is_not_its_body_is_seen(source: bytes, cutplan: Cutplan) -> None:
    forged = cutplan.rows[2]._replace(body_hash=bytes_digest(b"x"))
    rows = (*cutplan.rows[:2], forged, *cutplan.rows[3:])
    plan = Cutplan("d", 1, cutplan.source_digest, "", rows, cutplan.ignorable)
    assert [fault.rule for fault in verify(source, plan)] == ["altered"]


def row(start: int, end: int) -> CutplanRow:
    return CutplanRow(1, "a", "a", "t", "", "d", None, "a_1", Span(start, end), "")


@pytest.mark.parametrize(
    ("rows", "ignorable", "count"),
    [
        ([row(0, 4)], [], 0),
        ([row(0, 2)], [Ignorable(2, 4, "blank")], 1),
        ([row(0, 2)], [Ignorable(2, 4, "rules")], 0),
        ([row(0, 3)], [], 1),
        ([row(1, 4)], [], 1),
        ([row(0, 3), row(2, 4)], [], 1),
        ([row(0, 5)], [], 2),
        ([], [], 1),
    ],
)
def test_gaps_overlaps_and_text_called_blank_are_found(
    rows: list[CutplanRow], ignorable: list[Ignorable], count: int
) -> None:
    assert len(uncovered(b"a bc", rows, ignorable)) == count


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_are_kept(newline: str, mark: str) -> None:
    text = mark + TEXT.replace("\n", newline)
    plan = planned(text, LAW)
    assert parted(text.encode(), plan)
    assert plan.rows[2].body == f"One{newline}line more."
    assert [row.unit_ref for row in plan.rows] == [row.unit_ref for row in planned(TEXT, LAW).rows]
    assert ("byte order mark" in [item.why for item in plan.ignorable]) == bool(mark)


def test_text_is_never_normalised() -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    text = f"### Article 1. {decomposed}\n\n{composed}{decomposed}\t\u2028\x0c\u00a0x  \n"
    (found,) = planned(text, LAW).rows
    assert found.title == decomposed
    assert found.body == f"{composed}{decomposed}\t\u2028\x0c\u00a0x  "


def test_a_preamble_may_be_a_unit_or_ignored() -> None:
    text = "# T\n\nHello.\n\n---\n\n### Article 1. X\n\nText.\n"
    unit = planned(text, LAW._replace(preamble=PREAMBLE))
    assert [(row.unit_ref, row.body) for row in unit.rows] == [("preamble", "Hello."), ("art_1", "Text.")]
    ignored = planned(text, LAW._replace(ignore=(*LAW.ignore, "preamble")))
    assert [item.why for item in ignored.ignorable if item.why != "blank"] == ["title", "preamble", "rules"]
    assert parted(text.encode(), unit)
    assert parted(text.encode(), ignored)


def test_what_is_not_declared_ignorable_is_text() -> None:
    text = "### Article 1. X\n\nText.\n\n---\n\n<!-- c -->\n"
    (found,) = planned(text, LAW._replace(ignore=())).rows
    assert found.body == "Text.\n\n---\n\n<!-- c -->"
    (found,) = planned(text + "\nmore\n", LAW).rows
    assert found.body == "Text.\n\n---\n\n<!-- c -->\n\nmore"


def test_headings_inside_code_are_text() -> None:
    text = (
        "### Article 1. X\n\n```\n### Article 9. Y\n```\n\n    ### Article 8. Z\n\n(1) one\n\n    (2) code\n"
    )
    assert [row.unit_ref for row in planned(text, LAW).rows] == ["art_1", "art_1__para_1"]


def test_definitions_of_links_belong_to_their_unit() -> None:
    text = "### Article 1. X\n\nText [a].\n\n[a]: /b\n  'title'\n\n### Article 2. Y\n\n[c]: /d\n"
    plan = planned(text, LAW)
    assert plan.rows[0].body == "Text [a].\n\n[a]: /b\n  'title'"
    assert parted(text.encode(), plan)


def test_a_long_file_is_the_same_in_windows_of_any_size() -> None:
    from cutter.cut import markdown

    source = (Path(__file__).parent / "constitution.md").read_bytes()
    whole = list(markdown.pieces(source, LAW, [], size=10**6))
    for size in (1, 7, 64, 500, 4096):
        assert list(markdown.pieces(source, LAW, [], size=size)) == whole


def test_numbered_text_ignores_what_is_declared() -> None:
    text = "Title\n# note\n1. A\ntext\n===\n# note\n2. B\nmore\n"
    plan = planned(text, RULES)
    assert [(item.why) for item in plan.ignorable if item.why != "blank"] == [
        "title",
        "comments",
        "rules",
        "comments",
    ]
    assert [row.body for row in plan.rows] == ["text", "more"]
