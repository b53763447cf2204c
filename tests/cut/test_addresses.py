"""Addresses, numbers and patterns: what they are, and in which order they come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from cut_texts import RULES, grammar, level, planned, rules

from cutter.cut.eid import Addresses, clean_number, short_name
from cutter.cut.numbering import expression, follows, worth
from cutter.cut.patterns import BadPattern, compiled


@pytest.mark.parametrize(
    ("number", "clean"),
    [
        ("1", "1"),
        ("(2)", "2"),
        ("1.1.1", "1-1-1"),
        ("1.1.", "1-1"),
        ("3A", "3A"),
        ("[a]", "a"),
        ("§ 4", "4"),
        ("12 bis", "12-bis"),
        ("“7”", "7"),
        ("...", ""),
        ("iv)", "iv"),
    ],
)
def test_numbers_are_cleaned(number: str, clean: str) -> None:
    assert clean_number(number) == clean


def test_addresses_follow_the_convention() -> None:
    addresses = Addresses()
    assert addresses.make("", "art", "3.") == "art_3"
    assert addresses.make("art_3", "para", "(2)") == "art_3__para_2"
    assert addresses.make("art_3", "para", "") == "art_3__para_nn_1"
    assert addresses.make("art_3", "para", "") == "art_3__para_nn_2"
    assert addresses.make("art_3", "para", "2") == "art_3__para_2_2"
    assert addresses.make("art_3", "para", "2") == "art_3__para_2_3"
    assert addresses.make("", "preamble", "") == "preamble"


def test_a_suffix_never_takes_an_address_that_is_taken() -> None:
    addresses = Addresses()
    numbers = ("1", "1_2", "1-2", "1", "1", "nn", "", "nn", "", "1")
    made = [addresses.make("", "art", number) for number in numbers]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("name", "short"), [("article", "art"), ("principle", "principle"), ("sub_rule", "sub-rule")]
)
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("style", "numbers"),
    [
        ("1", ["1", "2", "9", "10", "11"][:2]),
        ("1", ["9", "10"]),
        ("1A", ["3", "3A", "3B", "4", "4A"]),
        ("a", ["a", "b"]),
        ("a", ["y", "z", "aa", "ab"]),
        ("A", ["Z", "AA"]),
        ("i", ["iii", "iv", "v", "vi"]),
        ("I", ["VIII", "IX", "X", "XI"]),
        ("I", ["XXXIX", "XL"]),
        ("1.1", ["2.9", "2.10"]),
    ],
)
def test_each_number_follows_the_one_before(style: str, numbers: list[str]) -> None:
    values = [worth(style, number) for number in numbers]
    assert all(follows(before, after) for before, after in pairwise(values))
    assert not any(follows(after, before) for before, after in pairwise(values))


@pytest.mark.parametrize("style", ["2", "", "1.", "1.2", "x", "title "])
def test_there_is_no_such_style(style: str) -> None:
    assert expression(style) is None


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        ("Article {1}. {title}", "Article  12.\tOn things ", {"number": "12", "title": "On things"}),
        ("({a}) {body}", "(b) text (c)", {"number": "b", "body": "text (c)"}),
        ("({a}) {body}", "(b)", {"number": "b", "body": None}),
        ("{1.1} {body}", "1.10 x", {"number": "1.10", "body": "x"}),
        ("{i}) {body}", "xiv) x", {"number": "xiv", "body": "x"}),
        ("Schedule", "Schedule ", {}),
        ("{title}", "Anything at all", {"title": "Anything at all"}),
        ("1.* {title}", "1.* x", {"title": "x"}),
    ],
)
def test_patterns_match(pattern: str, text: str, groups: dict[str, str]) -> None:
    match = compiled(pattern).regex.fullmatch(text)
    assert match is not None
    assert match.groupdict() == groups


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("Article {1}. {title}", "Article 012. X"),
        ("Article {1}. {title}", "Article 1."),
        ("{1.1} {body}", "1.1.1 x"),
        ("{1.1} {body}", "1 x"),
        ("{i}) {body}", "iiii) x"),
        ("{i}) {body}", ") x"),
        ("({a}) {body}", "(a)x"),
        ("1.* {title}", "1xx y"),
    ],
)
def test_patterns_do_not_match(pattern: str, text: str) -> None:
    assert compiled(pattern).regex.fullmatch(text) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "{title} {1}",
        "{body}{title}",
        "{1}{a}",
        "{2}",
        "{}",
        "{title",
        "title}",
        "{title}.",
        "a {b} {c}",
        "{{1}}",
    ],
)
def test_bad_patterns(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compiled(pattern)


def test_continuous_numbers_leave_parents_out_and_restarting_ones_do_not() -> None:
    parts = [level("part", "Part {I}", 1, body="none"), level("article", "{1}. {title}", 2, within="part")]
    restarting = "# Part I\n## 1. A\nx\n# Part II\n## 1. B\nx\n"
    through = "# Part I\n## 1. A\nx\n# Part II\n## 2. B\nx\n"
    found = planned(restarting, grammar("markdown", *parts))
    assert [row.unit_ref for row in found.rows] == ["part_I", "part_I__art_1", "part_II", "part_II__art_1"]
    continuous = grammar("markdown", parts[0], parts[1]._replace(numbering="continuous"))
    found = planned(through, continuous)
    assert [row.unit_ref for row in found.rows] == ["part_I", "art_1", "part_II", "art_2"]
    assert [row.parent_ref for row in found.rows] == [None, "part_I", None, "part_II"]
    assert rules(restarting, continuous) == [(5, "repeat")]
    assert rules(through, grammar("markdown", *parts)) == [(5, "jump")]


def test_unnumbered_and_freely_numbered_parts_get_their_own_addresses() -> None:
    found = grammar(
        "markdown",
        level("annex", ("Annex {1}", "Annex {A}: {title}"), 1, sequence="free"),
        level("note", "{title}", 2, within="annex"),
    )
    text = "# Annex 7\nx\n## One\ny\n## Two\ny\n# Annex 7\nx\n# Annex B: T\nx\n## One\nz\n"
    assert [row.unit_ref for row in planned(text, found).rows] == [
        "annex_7",
        "annex_7__note_nn_1",
        "annex_7__note_nn_2",
        "annex_7_2",
        "annex_B",
        "annex_B__note_nn_1",
    ]


def test_the_one_reading_that_goes_on_is_taken() -> None:
    letters = grammar(
        "numbered", level("point", "({a}) {body}"), level("item", "({i}) {body}", within="point")
    )
    text = "".join(f"({letter}) x\n" for letter in "abc") + "(i) y\n(ii) y\n(d) x\n"
    refs = [row.unit_ref for row in planned(text, letters).rows]
    assert refs[3:] == ["point_c__item_i", "point_c__item_ii", "point_d"]


def test_a_body_may_begin_on_its_line_or_below_it() -> None:
    found = planned("1. A\nx\n1.1\n  below\n  it\n1.2 beside\n  it\n", RULES)
    assert [row.body for row in found.rows] == ["x", "  below\n  it", "beside\n  it"]
