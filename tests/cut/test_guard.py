"""The guard of the cut: nothing that stands in for a text passes, and genuine text does."""

from __future__ import annotations

from typing import Any

import pytest

from cutter.cut.guard import guard
from cutter.cut.rows import CutplanRow, Span
from cutter.errors import InvalidDocument

ROW = CutplanRow(1, "article", "article", "Units", "Knowledge is kept.", "d", None, "art_1", Span(0, 1), "")
STAND_INS = [
    "O4-DRYRUN-SHADOW",
    "o4-dryrun-shadow",
    "O4_DRYRUN_SHADOW",
    "O4-DRY\u200bRUN-SHADOW",
    "O4\u2011DRYRUN\u2011SHADOW",
    "x O4-DRYRUN-SHADOW y",
    "O12-LIVE-SHADOW",
    "DRYRUN SHADOW",
    "O4-DRYRUN-BODY",
    "TODO",
    "[TODO]",
    "tbd.",
    "To be done",
    "*Placeholder*",
    "Lorem ipsum dolor sit amet, consectetur",
    "{{ body }}",
    "<body>",
    "[insert text here]",
    "xxx",
    "null",
    "n/a",
    "...",
    "\u2026",
    "---",
    "Sample text",
    "**untitled**",
]
GENUINE = [
    "The placeholder in a form is filled in by the owner.",
    "Shadow of the law",
    "A dry run comes first.",
    "Nothing",
    "To do so needs consent.",
    "5 < 6 > 4",
    "None of these rules may be ignored.",
    "\u4e2d",
    "1",
    "(a)",
    "A null vote counts.",
    "The body of a rule",
    "Examples",
]


def changed(field: str, text: str) -> CutplanRow:
    values: dict[str, Any] = {field: text}
    return ROW._replace(**values)


def test_a_genuine_row_passes() -> None:
    guard(ROW)


@pytest.mark.parametrize("text", STAND_INS)
@pytest.mark.parametrize("field", ["title", "body"])
def test_stand_ins_are_refused(field: str, text: str) -> None:
    with pytest.raises(InvalidDocument, match=f"art_1: {field} is a placeholder") as refused:
        guard(changed(field, text))
    assert refused.value.exit_code == 65


@pytest.mark.parametrize("text", GENUINE)
@pytest.mark.parametrize("field", ["title", "body"])
def test_genuine_text_passes(field: str, text: str) -> None:
    guard(changed(field, text))


@pytest.mark.parametrize("text", ["", " ", "\n", "\xa0", "\u200b\ufeff"])
@pytest.mark.parametrize("field", ["title", "body"])
def test_nothing_is_refused(field: str, text: str) -> None:
    with pytest.raises(InvalidDocument, match=f"{field} is empty"):
        guard(changed(field, text))


@pytest.mark.parametrize(
    "word", ["", "O4-DRYRUN-SHADOW", "placeholder", "an article", "TODO", "a\n", "\u00e4"]
)
@pytest.mark.parametrize("field", ["unit_kind", "section_type"])
def test_kinds_are_words(field: str, word: str) -> None:
    with pytest.raises(InvalidDocument, match=f"{field} .* is not a kind of unit"):
        guard(changed(field, word))


def test_every_field_is_named_at_once() -> None:
    shadow = "O4-DRYRUN-SHADOW"
    with pytest.raises(InvalidDocument) as refused:
        guard(ROW._replace(title=shadow, body=shadow, unit_kind=shadow, section_type=shadow))
    assert len(str(refused.value).splitlines()) == 4
