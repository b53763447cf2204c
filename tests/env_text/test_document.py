"""Editing changes what was asked, and not a byte else; python-dotenv is the judge."""

from __future__ import annotations

import string
from io import StringIO

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from cutter.env_text.compose import effective
from cutter.env_text.document import EnvText, Unsafe
from cutter.env_text.spelling import Unwritable

KEYS = ("A", "B", "C", "LONG_KEY")
TEXTS = st.text(st.sampled_from("ABC=:'\"\\\n\r\t #$x{}é1\udc80"), max_size=80)
SANE_VALUES = st.sampled_from(
    ["1", "'q # x'", '"d \\" e"', "", "a b", "x # note", "'multi\nline'", "${A}", '"$B"', "'it'# tight"]
)
SANE_LINES = st.one_of(
    st.builds("{}{}{}".format, st.sampled_from(["", "export ", "  "]), st.sampled_from(KEYS), st.just("=1")),
    st.builds("{}={}".format, st.sampled_from(KEYS), SANE_VALUES),
    st.builds("{} = {}".format, st.sampled_from(KEYS), SANE_VALUES),
    st.sampled_from(["", "# a comment with 'quote", "   ", "C"]),
)
FILES = st.builds(
    lambda lines, end, last: end.join(lines) + (end if last else ""),
    st.lists(SANE_LINES, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
VALUES = st.one_of(st.text(string.printable, max_size=12), st.sampled_from(["", "x", "it's", "$5", "a\\b"]))


def seen(text: str) -> dict[str, str | None]:
    return dict(
        dotenv_values(stream=StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), interpolate=False)
    )


def unmanaged_pieces(text: str, managed: set[str]) -> list[str]:
    """Return what the parser calls the originals of other bindings, line ends at the joints aside."""
    pieces = (item.text.strip() for item in EnvText(text).bindings if item.key not in managed)
    return [piece for piece in pieces if piece]


@given(
    FILES,
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
    st.sets(st.sampled_from(KEYS), max_size=2),
)
def test_an_edit_reaches_its_keys_and_no_other(text: str, values: dict[str, str], gone: set[str]) -> None:
    gone -= values.keys()
    try:
        result = EnvText(text).edited(values, gone).text
    except Unwritable:
        return
    before, after, managed = seen(text), seen(result), gone | values.keys()
    assert {key: after[key] for key in values} == values
    assert {key: effective(result)[key] for key in values} == values
    assert not gone & after.keys()
    assert {key: value for key, value in after.items() if key not in managed} == {
        key: value for key, value in before.items() if key not in managed
    }
    assert unmanaged_pieces(result, managed) == unmanaged_pieces(text, managed)
    assert EnvText(result).edited(values, gone).text == result, "a second edit finds nothing to do"


@given(
    TEXTS,
    st.dictionaries(st.sampled_from("ABC"), VALUES, max_size=2),
    st.sets(st.sampled_from("ABC"), max_size=1),
)
def test_an_odd_text_is_edited_rightly_or_refused(text: str, values: dict[str, str], gone: set[str]) -> None:
    gone -= values.keys()
    try:
        result = EnvText(text).edited(values, gone).text
    except (Unwritable, Unsafe):
        return
    assert {key: seen(result)[key] for key in values} == values
    assert not gone & seen(result).keys()
    assert not gone & effective(result).keys()


@given(TEXTS)
def test_the_pieces_are_the_text(text: str) -> None:
    document = EnvText(text)
    assert "".join(binding.text for binding in document.bindings) == text
    assert document.edited({}).text == text
    assert {key: document.has(key) for key in "ABC"} == {key: key in seen(text) for key in "ABC"}


@pytest.mark.parametrize(
    ("text", "value", "result"),
    [
        ("", "new", "K=new\n"),
        ("A=1", "new", "A=1\nK=new\n"),
        ("A=1\r\n", "new", "A=1\r\nK=new\r\n"),
        ("A=1\r\nB=2", "new", "A=1\r\nB=2\r\nK=new\r\n"),
        ("K=old\r\nB=2\r\n", "new", "K=new\r\nB=2\r\n"),
        ("export K=old", "new", "export K=new"),
        ("  K = 'old' \nB=1\n", "new", "  K = new \nB=1\n"),
        ("K=1\nB=2\nK=3\nC=4\n", "new", "K=1\nB=2\nK=new\nC=4\n"),
        ("K=new\nB=2\nK=3\n", "new", "K=new\nB=2\nK=new\n"),
        ("\n\n# note\nK=old # it's old\n", "new", "\n\n# note\nK='new' # it's old\n"),
        ("K # later\nB=1\n", "new", "K='new' # later\nB=1\n"),
        ("K\n", "", "K=\n"),
        ("K=old # c\n", "", "K='' # c\n"),
        ("K='a\nb'\nB=1\n", "new", "K=new\nB=1\n"),
        ("K=a$b\n", "a$b", "K='a$b'\n"),
        ("K='a$b'\n", "a$b", "K='a$b'\n"),
        ("K='' # c\n", "", "K='' # c\n"),
        ("'K'=old\n", "new", "K=new\n"),
        ("lol $wut\nK=old\n", "new", "lol $wut\nK=new\n"),
        ("K=\udcff\n", "new", "K=new\n"),
    ],
)
def test_setting_in_place(text: str, value: str, result: str) -> None:
    assert EnvText(text).edited({"K": value}).text == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("K=1\n", ""),
        ("A=1\nK=1", "A=1\n"),
        ("A=1\n\n  K=1 # c\n\nB=2\n", "A=1\n\n\nB=2\n"),
        ("K=1\nA=2\nK='x\ny'\nB=3\n", "A=2\nB=3\n"),
        ("# K=1\r\nexport K\r\n", "# K=1\r\n"),
    ],
)
def test_removing(text: str, result: str) -> None:
    assert EnvText(text).edited({}, ["K"]).text == result


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\n\nK='open\nB=2\n", 3),
        ("A='x' K=1\n", 1),
        ("A=1\nK: yaml\n", 2),
        ("K:1\n", 1),
        ("\ufeffK=1\n", 1),
    ],
)
def test_a_key_that_may_hide_is_not_guessed(text: str, line: int) -> None:
    with pytest.raises(Unsafe, match=f"line {line} "):
        EnvText(text).edited({"K": "new"})


def test_a_bare_name_that_ends_the_text_is_a_name() -> None:
    assert EnvText("C=1\nC").edited({"A": ""}).text == "C=1\nC\nA=\n"


def test_an_open_quote_before_the_end_swallows_nothing() -> None:
    with pytest.raises(Unsafe):
        EnvText("A='open\n").edited({"K": "it", "L": "a 'b"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("K=1", "1"),
        ("K=a$b", None),
        ("K=${X}", None),
        ("K='${X}'", None),
        ("K", None),
        ("", None),
        ('K="a\\tb"', "a\tb"),
    ],
)
def test_a_value_counts_where_both_readers_agree(text: str, value: str | None) -> None:
    assert EnvText(text).value("K") == value
