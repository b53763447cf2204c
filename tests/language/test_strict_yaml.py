"""What the reader accepts, where it says that things stand, and what it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cutter.language.problems import InvalidDocuments
from cutter.language.strict_events import MAX_BYTES
from cutter.language.strict_yaml import Document, read, read_file

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
YAMLISH = st.text(alphabet="abyn01.:-#&*!{}[],|>'\"%@\\ \t\n~<", max_size=80)


def accepted(text: str) -> Document:
    document = read(text.encode(), "x.yml")
    assert document.problems == ()
    assert document.doubts == {}
    return document


def test_values_and_keys_know_their_places() -> None:
    document = accepted("a: 1\nb:\n  - x\n  - {c: d}\n")
    assert str(document.position(("b", 1, "c"))) == "x.yml:4:9"
    assert str(document.position(("b", 1, "c"), key=True)) == "x.yml:4:6"
    assert str(document.position(("b",), key=True)) == "x.yml:2:1"
    assert str(document.position(("b", 7))) == "x.yml:3:3"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-5", -5),
        ("127.0.0.1", "127.0.0.1"),
        ("1.2.3", "1.2.3"),
        ("/srv/a", "/srv/a"),
        ("yesterday", "yesterday"),
        ("'yes'", "yes"),
        ('"0750"', "0750"),
        ("|\n  a\tb\n", "a\tb\n"),
    ],
)
def test_plain_texts_mean_what_they_look_like(text: str, value: object) -> None:
    assert accepted(f"k: {text}").value == {"k": value}


ODD = "yes 08 No ON off y N True FALSE Null 0750 0o750 0x1F 0b11 1_000 +5 1.5 1e5 .5 .inf -.INF .nan 12:30"
ODDER = ["12:30:45", "2026-05-21", "2026-05-21T10:00:00Z", "1" * 19, "9" * 5000]


@pytest.mark.parametrize("text", [*ODD.split(), *ODDER])
def test_what_two_readers_would_read_differently_is_refused(text: str) -> None:
    document = read(f"k: {text}".encode(), "x.yml")
    assert [str(problem.position) for problem in document.doubts.values()] == ["x.yml:1:4"]


def test_every_spelling_that_pyyaml_does_not_read_as_a_text_is_refused_or_read_alike() -> None:
    for text in [
        "yes",
        "0750",
        "1:30",
        "1.",
        "0b1",
        "2001-01-01",
        "+.inf",
        "007",
        "1__0",
        "-0x_1",
        "=",
        "~",
        "12",
    ]:
        theirs = yaml.safe_load(f"k: {text}")["k"] if text != "=" else "="
        document = read(f"k: {text}".encode(), "x.yml")
        assert document.doubts or document.value["k"] == theirs, text


def test_yes_and_no_are_words_where_the_file_says_so() -> None:
    document = read(b"production: no\nother: no\n", "x.yml", lambda key: key == "production")
    assert document.value == {"production": "no", "other": "no"}
    assert list(document.doubts) == [("other",)]


def test_a_byte_order_mark_is_tolerated_and_an_alias_is_the_same_value() -> None:
    document = read(b"\xef\xbb\xbfa: &x {b: c}\nd: *x\n", "x.yml")
    assert document.value == {"a": {"b": "c"}, "d": {"b": "c"}}


def test_tabs_are_refused_outside_quotes_blocks_and_comments() -> None:
    document = read(b'a: "x\ty" # a\tb\nb:\tc\n', "x.yml")
    assert [str(problem.position) for problem in document.problems] == ["x.yml:2:3"]


@pytest.mark.parametrize("text", ["k: ! yes", "k: !!str yes", "k: !vault |\n  abc", "k: !x [a]", "!x {k: v}"])
def test_tags_are_refused(text: str) -> None:
    assert ["tag" in problem.what for problem in read(text.encode(), "x.yml").problems] == [True]


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\uffff"])
def test_characters_that_readers_treat_differently_are_refused(character: str) -> None:
    with pytest.raises(InvalidDocuments) as caught:
        read(f'a: b\nk: "ü{character}"'.encode(), "x.yml")
    assert str(caught.value.problems[0].position) == "x.yml:2:6"


def test_several_refusals_are_told_at_once() -> None:
    document = read(b"a: 1\na: 2\n5: x\nb: yes\n<<: {}\n", "x.yml")
    assert [problem.position.line for problem in document.problems] == [2, 3, 5]
    assert [problem.position.line for problem in document.doubts.values()] == [4]


@given(PLAIN)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    text = yaml.safe_dump({"k": value}, default_style='"' if isinstance(value, str) else None)
    try:
        document = read(text.encode(), "x.yml")
    except InvalidDocuments:
        return  # a stray surrogate, say
    if not document.problems and not document.doubts:
        assert document.value == {"k": value}


@given(st.binary(max_size=120))
def test_bytes_are_read_or_refused(text: bytes) -> None:
    read_or_refused(text)


@given(YAMLISH)
def test_texts_that_look_like_yaml_are_read_or_refused(text: str) -> None:
    read_or_refused(text.encode())


def read_or_refused(text: bytes) -> None:
    try:
        document = read(text, "x.yml")
    except InvalidDocuments:
        return
    for path in document.doubts:
        assert document.position(path).line >= 1


@given(YAMLISH)
def test_what_is_accepted_means_to_pyyaml_what_it_means_here(text: str) -> None:
    try:
        document = read(text.encode(), "x.yml")
    except InvalidDocuments:
        return
    if not document.problems and not document.doubts and "=" not in text and "<<" not in text:
        assert document.value == yaml.load(text, yaml.CSafeLoader)


@pytest.mark.parametrize("what", ["fifo", "folder", "nothing", "large"])
def test_what_is_not_a_small_regular_file_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.yml"
    if what == "fifo":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "large":
        path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InvalidDocuments) as caught:
        read_file(path)
    assert caught.value.problems[0].position.file == str(path)
